import type { Socket } from "node:net";
import type { PostgresConnection, PostgresQueueBackend, Queue, Worker } from "bullmq";
import type { Client, ClientConfig, Pool, PoolClient } from "pg";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { type BullDriver, queueAway, Reachability } from "./bull-driver.ts";

/** Connections for adding and finishing jobs, without those that workers wait on. */
const DEFAULT_CONNECTIONS = 5;

const CONNECT_TIMEOUT_MS = 5_000;

/** Longest time that a statement may take. After it the server ends the statement, and this process stops waiting, whatever state the connection is in. */
const STATEMENT_TIMEOUT_MS = 10_000;

/** Longest time for a statement that creates the schema. Such a statement waits for other processes that create the schema at the same time. */
const MIGRATION_TIMEOUT_MS = 60_000;

/** After how long without traffic TCP checks whether the other side is there. */
const KEEP_ALIVE_MS = 10_000;

/** Longest time that open connections may take to close; after it they are cut. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Longest time that the server may take to answer a ping, also on the connections that workers listen on. */
const PING_TIMEOUT_MS = 2_000;

/**
 * Queues on Postgres, in a schema of their own. All queues and workers of a process share one pool. Each worker holds one connection of the pool, on which it
 * listens. So the pool grows by one connection with each worker.
 *
 * Errors: UNAVAILABLE - the schema cannot be created.
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
      // BullMQ uses only its default schema if it did not open the pool itself. The statements find the schema by the pool's search path.
      Object.defineProperty(connection, "schema", { value: schema });
      // This method would check that the schema exists. The schema was created above. If the server was away at the check, the method would fail for ever.
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
    async first(queue) {
      const { rows } = await pool.query<FirstRow>(FIRST, [queue.name]);
      const [next, delayed] = [false, true].map((isDelayed) => rows.find(({ is_delayed }) => is_delayed === isDelayed));
      return {
        ...(next && { next: { data: next.data, priority: next.priority, sinceMs: Number(next.ms) } }),
        ...(delayed && { delayed: { data: delayed.data, dueMs: Number(delayed.ms) } }),
      };
    },
    async handledSinceMs(queue) {
      const { rows } = await pool.query<{ readonly ms: string }>(HANDLED, [queue.name]);
      return rows.map(({ ms }) => Number(ms));
    },
    workerClosed() {
      pool.options.max -= 1;
    },
    async ping() {
      listeners.ping();
      // `noteWhereAway` notes a failure of the ping.
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

interface FirstRow {
  readonly is_delayed: boolean;
  readonly data: unknown;
  readonly priority: number;
  readonly ms: string;
}

/**
 * The waiting message that a worker takes next, in the order of BullMQ's `move_to_active`, and the delayed one that is due first. BullMQ has no request for the
 * message that is taken next: its `getJobs` with a range returns the newest messages.
 */
const FIRST = `
(select false as is_delayed, data, priority, greatest(added_at_ms, process_at_ms) as ms from job where queue = $1 and state = 'waiting' order by priority, seq limit 1)
union all
(select true, data, priority, process_at_ms from job where queue = $1 and state = 'delayed' order by process_at_ms limit 1)`;

const HANDLED = `select added_at_ms as ms from job where queue = $1 and state = 'active' order by added_at_ms limit 1`;

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
 * The connections that workers listen on. If one is half open, nothing arrives on it, and BullMQ would wait there for the notification of a new job: up to an
 * hour if a delayed job is due later. So each connection is pinged. If there is no answer, the connection is closed and opened again.
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
        // BullMQ listens to this event: it destroys the connection, opens another one and wakes the worker that waits.
        (client as unknown as Client).emit("error", error as Error);
      });
    }
  }
}

/** Closes the socket of a connection at once, without a message to the server that the session ends. The socket is private in `pg`. */
function cut(client: PoolClient): void {
  (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream.destroy();
}

/** Calls `onAway` for statements that fail because the server is away. */
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

/** Whether the statement failed because the server was away: the error has no SQLSTATE, or one of connections, resources or shutdowns. */
function isAway(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || /^(?:08|53|57P)/.test(code);
}

/**
 * The message of the error if Postgres answered and refused: because of rights, a password, a missing database, a full disk, too many connections or read-only
 * mode. Undefined for other errors.
 */
function refusalOf(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === "string" && /^(?:28|42501|3D000|53|25006)/.test(code) && typeof message === "string" ? message : undefined;
}
