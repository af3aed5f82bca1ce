import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresQueueBackend, Queue, Worker } from "bullmq";
import type { Pool, PoolClient } from "pg";
import type { Logger } from "../../kernel/index.ts";
import { type BullDriver, queueAway, Reachability } from "./bull-driver.ts";

/** Connections for adding and finishing jobs, without those on which workers wait. */
const DEFAULT_CONNECTIONS = 5;

const CONNECT_TIMEOUT_MS = 5_000;

/** How often the server is asked for a sign of life. */
const PING_MS = 5_000;

/** Longest that it may take to give one. */
const PING_TIMEOUT_MS = 2_000;

/** How long a statement that the server could not take waits before it fails. */
const PAUSE_MS = 250;

/**
 * Queues on Postgres, in a schema of their own. One pool for all queues and workers of a process; each worker holds one connection of it, on which
 * it listens, so the pool grows with them.
 *
 * Errors: UNAVAILABLE where the schema cannot be made.
 */
export async function openPostgresDriver(url: string, schema: string, max: number | undefined, log: Logger): Promise<BullDriver> {
  const [{ PostgresConnection, PostgresQueueBackend: Backend, quoteSchemaName, runMigrations, withBackend }, { default: pg }] = await Promise.all([
    import("bullmq"),
    import("pg"),
  ]);
  const reachability = new Reachability("postgres", log);
  const pool = new pg.Pool({
    connectionString: url,
    max: max ?? DEFAULT_CONNECTIONS,
    options: `-c search_path=${quoteSchemaName(schema)}`,
    application_name: "holon queues",
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  pool.setMaxListeners(0);
  pool.on("error", (error) => reachability.lost(error));
  pauseWhereAway(pool, (error) => reachability.lost(error));
  await migrateQueues(pool, (client) => runMigrations(client, schema));
  const { Queue: BullQueue, Worker: BullWorker } = withBackend<PostgresQueueBackend, typeof pool>(
    (name, options, { withBlockingConnection = false } = {}) => {
      const connection = new PostgresConnection(pool);
      // BullMQ lets a pool of ours live in its default schema only; the pool's search path is what its statements go by.
      Object.defineProperty(connection, "schema", { value: schema });
      // It would look whether the schema is there, which was made above, and remember for ever that the server was away when it looked.
      Object.defineProperty(connection, "waitUntilReady", { value: async () => {} });
      return new Backend(connection, name, options, true, withBlockingConnection ? name : undefined);
    },
  );
  let closing = false;
  const ping = { text: "select 1", query_timeout: PING_TIMEOUT_MS };
  const pings = setInterval(() => {
    pool.query(ping).then(
      () => reachability.found(),
      (error: unknown) => reachability.lost(error),
    );
  }, PING_MS);
  pings.unref();
  return {
    kind: "postgres",
    get reachable() {
      return reachability.now;
    },
    assertReachable() {
      if (closing) throw queueAway("The queues are closed.", { executed: "no" });
    },
    openQueue: (name, options) => new BullQueue(name, { ...options, connection: pool }) as unknown as Queue,
    openWorker(name, run, options) {
      pool.options.max += 1;
      return new BullWorker(name, run, { ...options, connection: pool }) as unknown as Worker;
    },
    workerClosed() {
      pool.options.max -= 1;
    },
    noteError(error) {
      log.debug({ err: error }, "a queue reports an error");
    },
    async close() {
      closing = true;
      clearInterval(pings);
      await pool.end();
    },
  };
}

async function migrateQueues(pool: Pool, run: (client: PoolClient) => Promise<unknown>): Promise<void> {
  try {
    const client = await pool.connect();
    try {
      await run(client);
    } finally {
      client.release();
    }
  } catch (error) {
    await pool.end();
    throw queueAway("The database of the queues cannot be reached or its schema cannot be made.", { cause: error });
  }
}

/**
 * Lets statements that fail because the server is away fail slowly. BullMQ's workers ask again at once, and without this they were seen to ask so
 * often that their process did nothing else any more, not even after the server had come back.
 */
function pauseWhereAway(pool: Pool, onAway: (error: unknown) => void): void {
  const query = pool.query.bind(pool) as (...statement: unknown[]) => Promise<unknown>;
  const patient = async (...statement: unknown[]): Promise<unknown> => {
    try {
      return await query(...statement);
    } catch (error) {
      if (!isAway(error)) throw error;
      onAway(error);
      await sleep(PAUSE_MS);
      throw error;
    }
  };
  Object.defineProperty(pool, "query", { value: patient });
}

/** Whether it is not the statement that is to blame: no SQLSTATE at all, or one of connections, resources and shutdowns. */
function isAway(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || /^(?:08|53|57P)/.test(code);
}
