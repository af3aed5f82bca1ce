import type { Socket } from "node:net";
import type { PostgresConnection, PostgresQueueBackend, Queue, Worker } from "bullmq";
import type { Client, ClientConfig, Pool, PoolClient } from "pg";
import type { Clock, Logger } from "../../kernel/index.ts";
import { type BullDriver, queueAway } from "./bull-driver.ts";
import { Reachability } from "./reachability.ts";

/** Connections for adding and finishing jobs, without those on which workers wait. */
const DEFAULT_CONNECTIONS = 5;

const CONNECT_TIMEOUT_MS = 5_000;

/** Longest that a statement may take. The server ends it then, and this process does not wait longer, whatever the connection says. */
const STATEMENT_TIMEOUT_MS = 10_000;

/** The same for making the schema, which waits for other processes that make it. */
const MIGRATION_TIMEOUT_MS = 60_000;

/** After how long without traffic TCP asks whether the other side is there. */
const KEEP_ALIVE_MS = 10_000;

/** Longest that open connections may take to say goodbye; then they are cut. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Longest that the server may take to give a sign of life, on each connection on which a worker listens too. */
const PING_TIMEOUT_MS = 2_000;

/**
 * Queues on Postgres, in a schema of their own. One pool for all queues and workers of a process; each worker holds one connection of it, on which
 * it listens, so the pool grows with them.
 *
 * Errors: UNAVAILABLE where the schema cannot be made.
 */
export async function openPostgresDriver(url: string, schema: string, max: number | undefined, clock: Clock, log: Logger): Promise<BullDriver> {
  const [{ PostgresConnection, PostgresQueueBackend: Backend, quoteSchemaName, runMigrations, withBackend }, { default: pg }] = await Promise.all([
    import("bullmq"),
    import("pg"),
  ]);
  const reachability = new Reachability({ server: "the Postgres of the queues", refusalOf, clock, log });
  const common: ClientConfig = {
    connectionString: url,
    application_name: "holon queues",
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  };
  const migrating = new pg.Client({ ...common, query_timeout: MIGRATION_TIMEOUT_MS });
  await migrateQueues(migrating, (client) => runMigrations(client, schema));
  const pool = new pg.Pool({
    ...common,
    max: max ?? DEFAULT_CONNECTIONS,
    options: `-c search_path=${quoteSchemaName(schema)}`,
    query_timeout: STATEMENT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  pool.setMaxListeners(0);
  pool.on("error", (error) => reachability.lost(error));
  noteWhereAway(pool, clock, (error, askedMs) => reachability.lost(error, askedMs));
  const opened = new Set<PoolClient>();
  pool.on("connect", (client) => opened.add(client));
  pool.on("remove", (client) => opened.delete(client));
  const listeners = new Listeners();
  const { Queue: BullQueue, Worker: BullWorker } = withBackend<PostgresQueueBackend, typeof pool>(
    (name, options, { withBlockingConnection = false } = {}) => {
      const connection = new PostgresConnection(pool);
      // BullMQ lets a pool of ours live in its default schema only; the pool's search path is what its statements go by.
      Object.defineProperty(connection, "schema", { value: schema });
      // It would look whether the schema is there, which was made above, and remember for ever that the server was away when it looked.
      Object.defineProperty(connection, "waitUntilReady", { value: async () => {} });
      listeners.watch(connection);
      return new Backend(connection, name, options, true, withBlockingConnection ? name : undefined);
    },
  );
  let closing = false;
  return {
    kind: "postgres",
    get reachable() {
      return reachability.now;
    },
    get fault() {
      return reachability.faultWhen(reachability.now);
    },
    assertReachable() {
      if (closing) throw queueAway("The queues are closed.", { executed: "no" });
      if (!reachability.now) throw queueAway("The Postgres of the queues cannot be reached.", { executed: "no" });
    },
    openQueue: (name, options) => new BullQueue(name, { ...options, connection: pool }) as unknown as Queue,
    openWorker(name, run, options) {
      pool.options.max += 1;
      return new BullWorker(name, run, { ...options, connection: pool }) as unknown as Worker;
    },
    workerClosed() {
      pool.options.max -= 1;
    },
    async ping() {
      listeners.ping();
      // What it fails with is noted below.
      await pool.query(PING).then(
        () => reachability.found(),
        () => {},
      );
    },
    noteError(error) {
      if (!reachability.noteRefusal(error)) log.debug({ err: error }, "a queue reports an error");
    },
    noteAnswer(failure) {
      if (failure === undefined) reachability.accepted();
      else reachability.noteRefusal(failure);
    },
    async close() {
      closing = true;
      const late = setTimeout(() => {
        for (const client of opened) cut(client);
      }, CLOSE_TIMEOUT_MS);
      await pool.end().finally(() => clearTimeout(late));
    },
  };
}

const PING = { text: "select 1", query_timeout: PING_TIMEOUT_MS };

async function migrateQueues(client: Client, run: (client: Client) => Promise<unknown>): Promise<void> {
  client.on("error", () => {});
  try {
    await client.connect();
    await run(client);
  } catch (error) {
    throw queueAway("The database of the queues cannot be reached or its schema cannot be made.", { cause: error });
  } finally {
    client.end().catch(() => {});
  }
}

type ListenClient = Awaited<ReturnType<PostgresConnection["getListenClient"]>>;

/**
 * The connections on which workers listen. One that is half open says nothing, and BullMQ would wait on it for the notification of a new job, for up
 * to an hour while a delayed job is due later: so each is asked for a sign of life, and one without is given up and opened again.
 */
class Listeners {
  readonly #clients = new Map<PostgresConnection, ListenClient>();

  watch(connection: PostgresConnection): void {
    const get = connection.getListenClient.bind(connection);
    const watched = async (): Promise<ListenClient> => {
      const client = await get();
      this.#clients.set(connection, client);
      return client;
    };
    Object.defineProperty(connection, "getListenClient", { value: watched });
    connection.on("close", () => this.#clients.delete(connection));
  }

  ping(): void {
    for (const [connection, client] of this.#clients) {
      (client as unknown as Client).query(PING).catch((error: unknown) => {
        if (this.#clients.get(connection) !== client) return;
        this.#clients.delete(connection);
        // BullMQ listens to this: it destroys the connection, opens another one and wakes the worker that waits.
        (client as unknown as Client).emit("error", error as Error);
      });
    }
  }
}

/** Ends a connection without a word. Its socket is private in `pg`. */
function cut(client: PoolClient): void {
  (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream.destroy();
}

/** Tells of statements that fail because the server is away. */
function noteWhereAway(pool: Pool, clock: Clock, onAway: (error: unknown, askedMs: number) => void): void {
  const query = pool.query.bind(pool) as (...statement: unknown[]) => Promise<unknown>;
  const telling = async (...statement: unknown[]): Promise<unknown> => {
    const askedMs = clock.monotonicMs();
    try {
      return await query(...statement);
    } catch (error) {
      if (isAway(error)) onAway(error, askedMs);
      throw error;
    }
  };
  Object.defineProperty(pool, "query", { value: telling });
}

/** Whether it is not the statement that is to blame: no SQLSTATE at all, or one of connections, resources and shutdowns. */
function isAway(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || /^(?:08|53|57P)/.test(code);
}

/** What Postgres says that answers and refuses: rights, passwords, databases that do not exist, one that is full or may only be read. */
function refusalOf(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === "string" && /^(?:28|42501|3D000|53|25006)/.test(code) && typeof message === "string" ? message : undefined;
}
