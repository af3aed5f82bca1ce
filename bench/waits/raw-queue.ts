import { createPostgresBackend, type Job, type PostgresQueueBackend, Queue, runMigrations, Worker, withBackend } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import type { Places, QueueKind } from "./contender.ts";

/** Queues and workers of BullMQ as its manual shows them, without additions. */
export interface RawQueues {
  queue(name: string): Queue;
  worker(name: string, run: (job: Job) => Promise<unknown>, concurrency: number): Worker;
  close(): Promise<void>;
}

/** Opens BullMQ on one of its backends. */
export function openRawQueues(kind: QueueKind, places: Places): Promise<RawQueues> {
  return kind === "redis" ? openOnRedis(places.redisUrl) : openOnPostgres(places.databaseUrl);
}

async function openOnRedis(url: string): Promise<RawQueues> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  return {
    queue: (name) => new Queue(name, { connection }),
    worker: (name, run, concurrency) => new Worker(name, run, { connection, concurrency }),
    close: async () => connection.disconnect(),
  };
}

async function openOnPostgres(url: string): Promise<RawQueues> {
  const pool = new pg.Pool({ connectionString: url, max: 8, options: "-c search_path=bullmq", keepAlive: true });
  pool.setMaxListeners(0);
  const client = await pool.connect();
  await runMigrations(client, "bullmq");
  client.release();
  const Bull = withBackend<PostgresQueueBackend, typeof pool>(createPostgresBackend as never);
  return {
    queue: (name) => new Bull.Queue(name, { connection: pool }) as unknown as Queue,
    worker: (name, run, concurrency) => new Bull.Worker(name, run, { connection: pool, concurrency }) as unknown as Worker,
    close: () => pool.end(),
  };
}
