import { mkdir, realpath } from "node:fs/promises";
import postgres from "postgres";
import { quoteIdentifier } from "../../data/identifier.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { type Cluster, EMBEDDED_LOGIN, openCluster } from "./cluster.ts";
import { claimFolder, type FolderClaim } from "./folder-claim.ts";
import { chooseUnprivileged, findPostgresBinaries } from "./postgres-binaries.ts";
import { clearPostmaster, type ServerProcess, type ServerStart, startServerProcess } from "./server-process.ts";
import { SupervisedServer } from "./supervised-server.ts";

/** Options of an embedded server. */
interface EmbeddedPostgresOptions {
  /** The folder of the server's data. It is made if it is missing. */
  readonly folder: string;
  /** Port on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number;
  /** The database that `url` names. It is made if it is missing. */
  readonly database?: string;
  /** False means that data may be lost in a crash of the machine (not of the server); for tests only. */
  readonly durable?: boolean;
  /** False leaves old versions of rows in place. Use that only for tests that take seconds: after minutes of work the server becomes slower and slower. */
  readonly autovacuum?: boolean;
  readonly log?: Logger;
}

/** A real Postgres server that runs until this process ends, or until `stop`. */
export interface EmbeddedPostgres {
  /** Address with the owner's login and password. */
  readonly url: string;
  readonly port: number;
  /** Process id of the server. It changes if the server dies and is started again. */
  readonly pid: number;
  /** Ends all sessions, stops the server and releases the folder. A second call waits for the same stop. */
  stop(): Promise<void>;
}

/**
 * Starts the Postgres server that was installed from npm.
 *
 * Guarantee: it listens on 127.0.0.1 only and needs a password; a folder has one server at a time; no server survives this process, however this process ends.
 * A server that dies is started again on its folder and port, up to five times within a minute; each time is logged as an `error`.
 * Errors: CONFLICT with `{ pid, port }` - a running process holds the folder, or the port is taken; UNAVAILABLE - the server cannot run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = findPostgresBinaries();
  await mkdir(options.folder, { recursive: true });
  const folder = await realpath(options.folder);
  const claim = await claimFolder(folder);
  let server: ServerProcess | undefined;
  try {
    const who = chooseUnprivileged(binaries);
    const { port = 0, durable = true, autovacuum = true } = options;
    const cluster = await openCluster(folder, binaries, who, durable);
    const start = { folder, cluster, binaries, who, port, durable, autovacuum };
    server = await startCleared(start);
    const url = await ensureDatabase(cluster, server.port, options.database ?? EMBEDDED_LOGIN);
    await claim.publish(server.port);
    options.log?.info({ folder, port: server.port, pid: server.pid }, "The embedded database is ready.");
    return supervised(url, server, start, claim, options.log ?? silentLogger);
  } catch (error) {
    server?.process.stop();
    await server?.process.ended;
    await claim.release();
    throw error;
  }
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

/** Starts a server on a folder in which an old server may still be running. */
async function startCleared(start: ServerStart): Promise<ServerProcess> {
  await clearPostmaster(start.cluster.data);
  return startServerProcess(start);
}

function supervised(url: string, first: ServerProcess, start: ServerStart, claim: FolderClaim, log: Logger): EmbeddedPostgres {
  const server = new SupervisedServer(first, (port, signal) => startCleared({ ...start, port, signal }), log);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await server.stop();
    await claim.release();
    log.info({ port: server.port, pid: server.pid }, "The embedded database has stopped.");
  };
  return {
    url,
    port: server.port,
    get pid() {
      return server.pid;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
