import { Redis } from "ioredis";
import type { Sql } from "postgres";
import { startTestRedis, type TestRedis } from "../../../src/holon/work/queue/redis-server.testing.ts";
import { connect } from "./postgres.ts";

export type BackendKind = "redis" | "postgres";

/** The queues of a fault test, and what a test can do to them. */
export interface FaultQueues {
  readonly kind: BackendKind;
  readonly env: Readonly<Record<string, string>>;
  /** How many jobs of a queue no worker has begun. */
  waiting(queue: string): Promise<number>;
  /** Removes everything. Returns how many waiting or running jobs are lost by that. */
  flush(): Promise<number>;
  /** The Redis itself; undefined if the queues are in Postgres. */
  readonly redis: TestRedis | undefined;
  stop(): Promise<void>;
}

/** Starts a Redis with its default configuration, for the queues of one app. */
export async function startRedisQueues(app: string): Promise<FaultQueues> {
  const server = await startTestRedis({ stock: true });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on("error", () => {});
  return {
    kind: "redis",
    env: { REDIS_URL: server.url },
    redis: server,
    waiting: (queue) => redis.llen(`${app}:${queue}:wait`),
    async flush() {
      const lists = (await redis.keys(`${app}:*`)).filter((key) => /:(wait|active)$/.test(key));
      const lengths = await Promise.all(lists.map((key) => redis.llen(key)));
      await redis.flushall();
      return lengths.reduce((sum, length) => sum + length, 0);
    },
    async stop() {
      redis.disconnect();
      await server.stop();
    },
  };
}

/** Reads queues that are in a database. */
export function postgresQueues(app: string, url: string): FaultQueues {
  const sql: Sql = connect(url);
  const schema = sql(`${app}_queue`);
  return {
    kind: "postgres",
    env: { HOLON_QUEUE_DATABASE_URL: url },
    redis: undefined,
    async waiting(queue) {
      const [row] = await sql`select count(*)::int as n from ${schema}.job where queue = ${queue} and state = 'waiting'`;
      return row?.["n"] as number;
    },
    async flush() {
      return sql.begin(async (tx) => {
        await tx`set local lock_timeout = '20s'`;
        await tx`lock table ${schema}.job in access exclusive mode`;
        const [row] = await tx`select count(*)::int as n from ${schema}.job where state in ('waiting', 'active')`;
        await tx`truncate ${schema}.job cascade`;
        return row?.["n"] as number;
      });
    },
    stop: () => sql.end({ timeout: 5 }),
  };
}
