import type { Clock } from "../kernel/clock.ts";
import { DEFAULT_LIMITS, type Limits } from "../kernel/limits.ts";
import type { Logger } from "../kernel/log.ts";
import { createKeyIdentity, type ProcessIdentity } from "../mesh/identity/process-identity.ts";
import { createProcessKey, type ProcessKey } from "../mesh/identity/process-key.ts";
import { EDGE, Roster, type RosterKeys } from "../mesh/identity/roster.ts";
import { type App, shapeOf } from "../process/app/define-app.ts";
import type { Plan } from "../process/plan/plan.ts";
import { type ProcessOptions, type RunningProcess, startProcess } from "../process/start/start-process.ts";

/**
 * How a test app runs: `together` runs in one process; `wire` is one process that makes every call over the mesh to itself, and delivers each idempotent
 * mutation three times; `apart` is an edge and one process for each context, each with its own ports and its own key. All of them run inside the test's
 * operating-system process.
 */
export const TOPOLOGIES = ["together", "wire", "apart"] as const;

/** One of {@link TOPOLOGIES}. */
export type Topology = (typeof TOPOLOGIES)[number];

interface TopologyDeps {
  readonly app: App;
  readonly topology: Topology;
  readonly databaseUrl: string;
  /** Contexts with a database of their own, as HOLON_<CONTEXT>_DATABASE_URL sets them. */
  readonly contextDatabases?: Readonly<Record<string, string>>;
  /** Redis for the queues; by default the queues are in the database. */
  readonly redisUrl?: string | undefined;
  readonly secret: string;
  /** Keys of the processes. Without them, the processes prove only that they belong to the app. */
  readonly keys?: TestKeys | undefined;
  /** Callers besides the contexts of the app. */
  readonly guests: readonly string[];
  readonly limits?: Partial<Limits> | undefined;
  readonly log: Logger;
  readonly clock: Clock;
  readonly wrapTarget: NonNullable<ProcessOptions["wrapTarget"]>;
}

/** The processes of a test app. */
interface StartedTopology {
  readonly processes: readonly RunningProcess[];
  readonly edge: RunningProcess;
  /** The process that hosts a context. */
  host(context: string): RunningProcess;
}

/** Starts an app in a topology, on free ports. A context starts before the contexts that call it, because they must know its port. */
export async function startTopology(deps: TopologyDeps): Promise<StartedTopology> {
  const names = deps.app.contexts.map(({ name }) => name);
  if (deps.topology !== "apart") {
    const only = await start(deps, { contexts: names, edge: true, addresses: {} });
    return { processes: [only], edge: only, host: () => only };
  }
  const hosts = new Map<string, RunningProcess>();
  const addresses: Record<string, readonly string[]> = {};
  for (const name of calleesFirst(deps.app)) {
    const running = await start(deps, { contexts: [name], edge: false, addresses: { ...addresses } });
    hosts.set(name, running);
    addresses[name] = [`http://127.0.0.1:${running.mesh?.port}`];
  }
  const edge = await start(deps, { contexts: [], edge: true, addresses });
  return { processes: [edge, ...[...hosts.values()].reverse()], edge, host: (context) => hosts.get(context) as RunningProcess };
}

interface Placement {
  readonly contexts: readonly string[];
  readonly edge: boolean;
  readonly addresses: Readonly<Record<string, readonly string[]>>;
}

function start(
  { app, topology, databaseUrl, contextDatabases = {}, redisUrl, secret, keys, guests, limits, log, clock, wrapTarget }: TopologyDeps,
  { contexts, edge, addresses }: Placement,
): Promise<RunningProcess> {
  const anyPort = { host: "127.0.0.1", port: 0 };
  const needsRpc = contexts.length > 0;
  const shapes = shapeOf(app).contexts.filter(({ name }) => contexts.includes(name));
  const plan: Plan = {
    name: app.name,
    production: false,
    contexts,
    roles: [...(edge ? (["edge"] as const) : []), ...(needsRpc ? (["rpc", "jobs"] as const) : [])],
    ...(edge ? { edge: anyPort } : {}),
    ...(needsRpc ? { mesh: anyPort } : {}),
    ops: anyPort,
    opsWrite: false,
    addresses,
    database: contexts.length === 0 ? { kind: "none" } : { kind: "server", url: databaseUrl },
    databaseContexts: shapes.filter(({ hasTables }) => hasTables).map(({ name }) => name),
    contextDatabases,
    ...(redisUrl === undefined ? {} : { redisUrl }),
    // Test apps share a Redis; each has its own database, whose name makes the prefix unique.
    queuePrefix: new URL(databaseUrl).pathname
      .slice(1)
      .toLowerCase()
      .replace(/[^a-z0-9_]/g, "_"),
    workersCount: shapes.reduce((sum, { workersCount }) => sum + workersCount, 0),
    ...(keys === undefined ? {} : { key: keys.of(edge ? EDGE : (contexts[0] as string)), peers: keys.peers }),
    secret,
    secretMadeUp: false,
    limits: { ...DEFAULT_LIMITS, drainMs: 0, graceMs: 2_000, ...limits },
    logLevel: "info",
    onUnhandled: "exit",
    trustedProxies: [],
    corsOrigins: [],
    docs: "page",
  };
  return startProcess({ app, plan, log, clock, wrapTarget, guests, selfMesh: topology === "wire" });
}

function calleesFirst(app: App): string[] {
  const order: string[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    if (order.includes(name) || path.includes(name)) return;
    const module = app.contexts.find((context) => context.name === name);
    for (const called of Object.values(module?.calls ?? {})) visit(called.name, [...path, name]);
    order.push(name);
  };
  for (const { name } of app.contexts) visit(name, []);
  return order;
}

/** Keys for all processes of a test app that runs apart, and for the test, which may call as any of them. */
export class TestKeys {
  readonly peers: RosterKeys;
  readonly #keys: ReadonlyMap<string, ProcessKey>;
  readonly #testKey = createProcessKey().key;

  constructor(contexts: readonly string[], testCaller: string) {
    const names = [EDGE, ...contexts];
    this.#keys = new Map(names.map((name) => [name, createProcessKey().key]));
    const bound = [...this.#keys].map(([name, { publicKey }]) => [name, [publicKey, this.#testKey.publicKey]]);
    this.peers = Object.fromEntries([...bound, [testCaller, [this.#testKey.publicKey]]]);
  }

  /** The key of the process that hosts a context, or of the edge. */
  of(name: string): ProcessKey {
    return this.#keys.get(name) as ProcessKey;
  }

  /** The identity with which the test calls. */
  testIdentity(clock: Clock): ProcessIdentity {
    return createKeyIdentity({ key: this.#testKey, roster: new Roster(this.peers), clock, limits: DEFAULT_LIMITS });
  }
}
