import { open, readdir, readFile, readlink, rm, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Cluster } from "./cluster.ts";
import { freePort } from "./free-ports.ts";
import { type GuardedProcess, spawnGuarded } from "./guarded-process.ts";
import type { PostgresBinaries, Unprivileged } from "./postgres-binaries.ts";
import { isAlive, processCommand } from "./process-identity.ts";

/** The parts that a server is started with. */
export interface ServerStart {
  readonly folder: string;
  readonly cluster: Cluster;
  readonly binaries: PostgresBinaries;
  readonly who: Unprivileged;
  /** The port to listen on; 0 takes a free one. */
  readonly port: number;
  readonly durable: boolean;
  readonly autovacuum: boolean;
  /** Stops the start early. */
  readonly signal?: AbortSignal;
}

/** A server that is ready. */
export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  readonly process: GuardedProcess;
}

/** How often a start is tried if another program takes the free port first, or if an earlier server that is ending still holds its shared memory. */
const START_ATTEMPTS = 20;

/**
 * Starts Postgres on its data folder and waits until it is ready.
 *
 * Errors: CONFLICT - the port is taken; UNAVAILABLE with the server's own message; the signal's reason, with no process left running.
 */
export async function startServerProcess(start: ServerStart): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    start.signal?.throwIfAborted();
    const port = start.port === 0 ? await freePort() : start.port;
    const log = path.join(start.folder, "postgres.log");
    const from = await logSize(log);
    const running = await tryServer(start, port, log);
    if (running !== undefined) return running;
    start.signal?.throwIfAborted();
    const said = (await readFile(log, "utf8")).slice(from);
    const portTaken = /Address already in use/i.test(said);
    if (portTaken && start.port !== 0) {
      throw catalogueError("CONFLICT", `The embedded database cannot listen on port ${port}: another program listens on it.`, {
        details: { folder: start.folder, pid: null, port },
      });
    }
    // The shared memory of an earlier server that was killed stays until the last sessions of that server have noticed its end.
    if (attempt >= START_ATTEMPTS || !(portTaken || /shared memory block|lock file/i.test(said))) {
      throw catalogueError("UNAVAILABLE", `The embedded database in ${start.folder} does not start: ${said.trim()}`, { executed: "no" });
    }
    await waitUntil(() => undefined, 250, 1);
  }
}

async function tryServer(start: ServerStart, port: number, log: string): Promise<ServerProcess | undefined> {
  const { cluster, binaries, who } = start;
  const output = await open(log, "a", 0o600);
  const command = who.wrap(binaries.postgres, ["-D", cluster.data, "-p", String(port), ...settings(start)]);
  const guarded = spawnGuarded(command, who, output.fd);
  await output.close();
  let ended = false;
  void guarded.ended.then(() => {
    ended = true;
  });
  const ready = async () => {
    if (ended || start.signal?.aborted === true) return null;
    const postmaster = await readPostmaster(cluster.data);
    return postmaster?.ready === true ? postmaster : undefined;
  };
  const postmaster = await waitUntil(ready, 10, 6_000);
  if (postmaster) {
    guarded.unref();
    return { port, pid: postmaster.pid, process: guarded };
  }
  guarded.stop();
  await guarded.ended;
  return undefined;
}

function settings({ durable, autovacuum }: Pick<ServerStart, "durable" | "autovacuum">): string[] {
  const values: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    timezone: "UTC",
    log_timezone: "UTC",
    jit: "off",
    // Ends a statement whose client process was killed, so that its locks are released.
    client_connection_check_interval: "1000",
    // The log contains only messages of the server itself: statements and their values do not belong in a log file.
    log_min_messages: "log",
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    log_checkpoints: "off",
    ...(durable ? {} : { fsync: "off", full_page_writes: "off" }),
    ...(autovacuum ? {} : { autovacuum: "off" }),
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Empties the log if it is over a megabyte, so that it does not grow without end. Returns its size. */
async function logSize(log: string): Promise<number> {
  const size = (await stat(log).catch(() => undefined))?.size ?? 0;
  if (size < 1024 * 1024) return size;
  await truncate(log);
  return 0;
}

/** The facts that a running server writes about itself in its data folder. */
interface Postmaster {
  readonly pid: number;
  readonly ready: boolean;
}

/** Reads `postmaster.pid`; undefined if the file is missing or not written completely yet. */
async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(file(data), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number.parseInt(lines[0] ?? "", 10);
  return pid > 0 ? { pid, ready: lines[7]?.trim() === "ready" } : undefined;
}

/**
 * Makes sure that no server runs on a data folder. It stops a server that outlived its owner and its guard, kills sessions that outlived their server, and
 * removes a pid file whose process is gone or whose id now belongs to another program. Only the holder of the folder's claim may call it.
 */
export async function clearPostmaster(data: string): Promise<void> {
  const left = await readPostmaster(data);
  if (left !== undefined && isServer(left.pid, data)) await stopServer(left.pid, data);
  await killSessions(data);
  await rm(file(data), { force: true });
}

async function stopServer(pid: number, data: string): Promise<void> {
  const gone = () => (isServer(pid, data) ? undefined : true);
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    signalProcess(pid, signal);
    if ((await waitUntil(gone, 50, 200)) === true) return;
  }
  throw catalogueError("UNAVAILABLE", `A database server left over from an earlier run (process ${pid}) does not stop.`, { executed: "no" });
}

/**
 * Kills sessions that outlived their server. A session that computes does not notice that its server was killed, and no other server can start while that
 * session holds the memory of the old one. Only Linux shows the folder of a process; on other systems the start is repeated until the sessions have ended.
 */
async function killSessions(data: string): Promise<void> {
  const names = process.platform === "linux" ? await readdir("/proc") : [];
  for (const pid of names.filter((name) => /^\d+$/.test(name)).map(Number)) {
    const isSession = processCommand(pid).startsWith("postgres: ") && (await readlink(`/proc/${pid}/cwd`).catch(() => "")) === data;
    if (isSession) signalProcess(pid, "SIGKILL");
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has already ended, which is what we want.
  }
}

/** Whether a process is a server of this folder. It is checked before a signal is sent, because process ids are used again. */
function isServer(pid: number, data: string): boolean {
  return isAlive(pid) && /postgres$/.test(processCommand(pid).split(" ")[0] ?? "") && processCommand(pid).includes(` -D ${data} `);
}

function file(data: string): string {
  return path.join(data, "postmaster.pid");
}

/** Calls a function every few milliseconds until it returns a value; undefined after the given number of calls. */
export async function waitUntil<Value>(
  ask: () => Value | undefined | Promise<Value | undefined>,
  everyMs: number,
  times: number,
): Promise<Value | undefined> {
  for (let time = 0; time < times; time++) {
    const value = await ask();
    if (value !== undefined) return value;
    await sleep(everyMs);
  }
  return undefined;
}
