import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fullJitterMs } from "../../kernel/backoff.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { Logger } from "../../kernel/log.ts";
import { createProcessKey } from "../../mesh/identity/process-key.ts";
import { EDGE } from "../../mesh/identity/roster.ts";
import { type App, shapeOf } from "../../process/app/define-app.ts";
import type { ContextShape, Plan } from "../../process/plan/plan.ts";
import { renderTable } from "../../process/plan/render-plan.ts";
import { freePorts } from "../postgres/free-ports.ts";

interface ApartDeps {
  readonly app: App;
  /** The plan of this process, which hosts no context. The children get the public port, the database and the secret from the plan. */
  readonly plan: Plan;
  /** Address of the embedded server, if the plan has one. */
  readonly databaseUrl: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

type Environment = Record<string, string | undefined>;

/**
 * Runs an edge and one process for each context on this machine, for development; restarts a child that dies. Each child gets a new key of its own, as each
 * process has its own key in production.
 *
 * Guarantee: no child outlives this process, however this process ends, because each child stops when the channel to its supervisor breaks.
 */
export async function runApart({ app, plan, databaseUrl, env, log }: ApartDeps): Promise<Closable> {
  const shape = shapeOf(app);
  const { host = "127.0.0.1", port = 3000 } = plan.edge ?? {};
  const ports = await freePorts(shape.contexts.length * 2 + 1);
  const take = (): number => ports.pop() as number;
  const meshPorts = new Map(shape.contexts.map(({ name }) => [name, take()]));
  const inherited = withoutTopology(env, shape.contexts);
  const keys = new Map([EDGE, ...shape.contexts.map(({ name }) => name)].map((name) => [name, createProcessKey()]));
  const common: Environment = {
    ...inherited,
    HOLON_PEERS: JSON.stringify(Object.fromEntries([...keys].map(([name, { key }]) => [name, [key.publicKey]]))),
    HOLON_SECRET: plan.secret ?? randomBytes(32).toString("base64url"),
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  };
  const addressesOf = (names: readonly string[]): Environment =>
    Object.fromEntries(names.map((name) => [`HOLON_${name.toUpperCase()}_URL`, `http://127.0.0.1:${meshPorts.get(name)}`]));

  const children = shape.contexts.map(({ name, calls }) =>
    superviseChild(
      name,
      {
        ...common,
        HOLON_KEY: keys.get(name)?.jwk,
        HOLON_CONTEXTS: name,
        HOLON_ROLES: "rpc,jobs",
        HOLON_MESH_PORT: String(meshPorts.get(name)),
        HOLON_OPS_PORT: String(take()),
        ...addressesOf(calls),
      },
      log,
    ),
  );
  const open = shape.contexts.filter((context) => context.hasPublicProcedures).map(({ name }) => name);
  children.push(
    superviseChild(
      "edge",
      {
        ...common,
        HOLON_KEY: keys.get(EDGE)?.jwk,
        HOLON_CONTEXTS: "none",
        HOLON_ROLES: "edge",
        PORT: String(port),
        HOLON_HOST: host,
        HOLON_OPS_PORT: String(take()),
        ...addressesOf(open),
      },
      log,
    ),
  );

  process.stdout.write(
    `\n${app.name} runs apart: an edge, and one process for each context\n\n${renderTable(
      ["process", "pid", "mesh"],
      children.map((child) => [child.name, String(child.pid), meshPorts.has(child.name) ? `http://127.0.0.1:${meshPorts.get(child.name)}` : ""]),
    )}\n`,
  );
  return {
    async close() {
      await Promise.all(children.map((child) => child.close()));
    },
  };
}

/** The caller's environment without the variables that decide which process hosts which context, because the supervisor decides that. */
function withoutTopology(env: Readonly<Environment>, contexts: readonly ContextShape[]): Environment {
  const decided = new Set([
    "HOLON_CONTEXTS",
    "HOLON_ROLES",
    "HOLON_MESH_PORT",
    "HOLON_OPS_PORT",
    "PORT",
    ...["HOLON_KEY", "HOLON_KEY_FILE", "HOLON_PEERS", "HOLON_PEERS_FILE", "HOLON_SECRET_FILE"],
    ...contexts.map(({ name }) => `HOLON_${name.toUpperCase()}_URL`),
  ]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !decided.has(name)));
}

/** A child process that is restarted when it dies. */
interface SupervisedChild {
  readonly name: string;
  /** Id of the running process; undefined between a death and the restart. */
  readonly pid: number | undefined;
  /** Stops the child and does not restart it; resolves when it has ended. */
  close(): Promise<void>;
}

/** Bounds of the wait before a restart; the wait grows while the child dies soon after each start. */
const RESTART = { firstMs: 200, greatestMs: 10_000 } as const;

/** If a child has lived at least this long, the waits before restarts begin with the shortest again. */
const OLD_ENOUGH_MS = 10_000;

/** How long a child may take to stop before it is killed. */
const STOP_MS = 30_000;

/** Exit code of a process with a bad configuration. A restart would not repair that. */
const BAD_CONFIGURATION = 2;

/**
 * Runs this program again with another environment, and restarts it each time that it dies.
 *
 *   running --exit--> waiting --jittered time--> running
 *   running --exit with code 2--> given up
 *   any --close()--> stopping --exit--> gone
 */
function superviseChild(name: string, env: Readonly<Record<string, string | undefined>>, log: Logger): SupervisedChild {
  let child: ChildProcess | undefined;
  let attempt = 0;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  let gone: () => void = () => {};

  const start = (): void => {
    const startedMs = performance.now();
    child = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, "start"], {
      env,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.once("error", (error) => log.error({ process: name, err: error }, "a child process could not be started"));
    child.once("exit", (code, signal) => {
      child = undefined;
      if (stopping) return gone();
      if (code === BAD_CONFIGURATION) {
        log.error({ process: name, code }, "a child process has a bad configuration and is not started again");
        return;
      }
      attempt = performance.now() - startedMs > OLD_ENOUGH_MS ? 1 : attempt + 1;
      const waitMs = RESTART.firstMs + fullJitterMs(attempt, RESTART, Math.random);
      log.warn({ process: name, code, signal, restartInMs: waitMs }, "a child process died and is started again");
      timer = setTimeout(start, waitMs);
    });
    log.info({ process: name, pid: child.pid }, "process started");
  };
  start();

  return {
    name,
    get pid() {
      return child?.pid;
    },
    async close() {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (running === undefined) return;
      const ended = new Promise<void>((resolve) => {
        gone = resolve;
      });
      running.kill("SIGTERM");
      const kill = setTimeout(() => running.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(kill);
    },
  };
}
