import { mkdir, open, readFile, realpath, stat, truncate } from "node:fs/promises";
import path from "node:path";
import postgres from "postgres";
import { catalogueError, type Logger, silentLogger } from "../kernel/index.ts";
import { type Cluster, EMBEDDED_LOGIN, openCluster } from "./embedded/cluster.ts";
import { claimFolder, type FolderClaim } from "./embedded/folder-claim.ts";
import { findFreePort } from "./embedded/free-port.ts";
import { type GuardedProcess, spawnGuarded } from "./embedded/guarded-process.ts";
import { findPostgresBinaries, type PostgresBinaries } from "./embedded/postgres-binaries.ts";
import { clearPostmaster, readPostmaster } from "./embedded/postmaster-file.ts";
import { isAlive } from "./embedded/process-identity.ts";
import { chooseUnprivileged, type Unprivileged } from "./embedded/unprivileged.ts";
import { waitUntil } from "./embedded/wait-until.ts";
import { quoteIdentifier } from "./identifier.ts";

/** Where and how an embedded server runs. */
export interface EmbeddedPostgresOptions {
  /** Where its data lives; made when missing. */
  readonly folder: string;
  /** Port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number;
  /** The database that `url` names, made when missing. */
  readonly database?: string;
  /** False gives up surviving a crash of the machine (not of the server), for tests only. */
  readonly durable?: boolean;
  readonly log?: Logger;
}

/** A real Postgres server that lives exactly as long as this process, or until `stop`. */
export interface EmbeddedPostgres {
  /** Address with the owner's login and password. */
  readonly url: string;
  readonly port: number;
  /** Process id of the server. */
  readonly pid: number;
  /** Ends all sessions, stops the server and gives the folder free. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

/** How often a start is tried again when its port was taken meanwhile, or a dying predecessor still holds its memory. */
const START_ATTEMPTS = 20;

/**
 * Starts the Postgres server that came with npm.
 *
 * Guarantee: it listens on 127.0.0.1 only and needs a password; a folder has one server at a time; none survives this process, however it ends.
 * Errors: CONFLICT with `{ pid, port }` - a living process holds the folder, or the port is taken; UNAVAILABLE - it cannot run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = findPostgresBinaries();
  await mkdir(options.folder, { recursive: true });
  const folder = await realpath(options.folder);
  const claim = await claimFolder(folder);
  try {
    const who = chooseUnprivileged(binaries);
    const cluster = await openCluster(folder, binaries, who, options.durable ?? true);
    await clearPostmaster(cluster.data);
    const server = await startServer({ folder, cluster, binaries, who, options });
    const url = await ensureDatabase(cluster, server.port, options.database ?? EMBEDDED_LOGIN);
    await claim.publish(server.port);
    options.log?.info({ folder, port: server.port, pid: server.pid }, "The embedded database is ready.");
    return { url, port: server.port, pid: server.pid, stop: stopper(server, claim, options.log ?? silentLogger) };
  } catch (error) {
    await claim.release();
    throw error;
  }
}

interface StartingServer {
  readonly folder: string;
  readonly cluster: Cluster;
  readonly binaries: PostgresBinaries;
  readonly who: Unprivileged;
  readonly options: EmbeddedPostgresOptions;
}

interface RunningServer {
  readonly port: number;
  readonly pid: number;
  readonly process: GuardedProcess;
}

async function startServer(start: StartingServer): Promise<RunningServer> {
  const fixedPort = start.options.port ?? 0;
  for (let attempt = 1; ; attempt++) {
    const port = fixedPort === 0 ? await findFreePort() : fixedPort;
    const log = path.join(start.folder, "postgres.log");
    const from = await logSize(log);
    const running = await tryServer(start, port, log);
    if (running !== undefined) return running;
    const said = (await readFile(log, "utf8")).slice(from);
    const portTaken = /Address already in use/i.test(said);
    if (portTaken && fixedPort !== 0) {
      throw catalogueError("CONFLICT", `The embedded database cannot listen on port ${port}: another program does.`, { details: { folder: start.folder, pid: null, port } });
    }
    // A predecessor that was killed leaves its shared memory for the moment that its last backends need to notice.
    if (attempt >= START_ATTEMPTS || !(portTaken || /shared memory block|lock file/i.test(said))) {
      throw catalogueError("UNAVAILABLE", `The embedded database in ${start.folder} does not start: ${said.trim()}`, { executed: "no" });
    }
    await waitUntil(() => undefined, 250, 1);
  }
}

async function tryServer(start: StartingServer, port: number, log: string): Promise<RunningServer | undefined> {
  const { cluster, binaries, who, options } = start;
  const output = await open(log, "a", 0o600);
  const command = who.wrap(binaries.postgres, ["-D", cluster.data, "-p", String(port), ...settings(options.durable ?? true)]);
  const guarded = spawnGuarded(command, who, output.fd);
  await output.close();
  let ended = false;
  void guarded.ended.then(() => {
    ended = true;
  });
  const ready = async () => {
    if (ended) return null;
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

function settings(durable: boolean): string[] {
  const values: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    timezone: "UTC",
    log_timezone: "UTC",
    jit: "off",
    // A statement whose process was killed ends, with its locks.
    client_connection_check_interval: "1000",
    // The server's log keeps what concerns the server: statements and their values belong to nobody's log file.
    log_min_messages: "log",
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    log_checkpoints: "off",
    ...(durable ? {} : { fsync: "off", full_page_writes: "off", autovacuum: "off" }),
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function ensureDatabase(cluster: Cluster, port: number, database: string): Promise<string> {
  const url = (name: string) => `postgres://${EMBEDDED_LOGIN}:${cluster.password}@127.0.0.1:${port}/${encodeURIComponent(name)}`;
  const sql = postgres(url("postgres"), { max: 1, onnotice: () => {}, fetch_types: false });
  try {
    const found = await sql`select 1 from pg_database where datname = ${database}`;
    if (found.length === 0) await sql.unsafe(`create database ${quoteIdentifier(database)}`);
  } finally {
    await sql.end({ timeout: 5 });
  }
  return url(database);
}

function stopper(server: RunningServer, claim: FolderClaim, log: Logger): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    server.process.stop();
    await server.process.ended;
    // The guard itself may have been killed; its other half then stops the server.
    await waitUntil(() => (isAlive(server.pid) ? undefined : true), 20, 1_000);
    await claim.release();
    log.info({ port: server.port, pid: server.pid }, "The embedded database has stopped.");
  };
  return () => {
    stopping ??= stop();
    return stopping;
  };
}

/** Keeps the log from growing without end: it begins anew once it is over a megabyte. */
async function logSize(log: string): Promise<number> {
  const size = (await stat(log).catch(() => undefined))?.size ?? 0;
  if (size < 1024 * 1024) return size;
  await truncate(log);
  return 0;
}
