import { Redis } from "ioredis";
import type { Sql } from "postgres";
import type { Fleet } from "../../../test/faults/harness/fleet.ts";
import type { Sample } from "./growth.ts";

/** Measures what a fleet holds: its tables, indexes, queues, memory, handles and connections. */
export class Sampler {
  readonly #fleet: Fleet;
  readonly #sql: Sql;
  readonly #redis: Redis | undefined;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#sql = fleet.sql("source");
    const { redis } = fleet.queues;
    this.#redis = redis === undefined ? undefined : new Redis(redis.url);
  }

  async take(): Promise<Sample> {
    return { ...(await this.#relations()), ...(await this.#queues()), ...(await this.#process()) };
  }

  close(): void {
    this.#redis?.disconnect();
  }

  async #relations(): Promise<Sample> {
    const rows = await this.#sql<{ name: string; kind: string; bytes: string }[]>`
      select n.nspname || '.' || c.relname as name, c.relkind as kind, case c.relkind when 'i' then pg_relation_size(c.oid) else pg_table_size(c.oid) end::text as bytes
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'i') and n.nspname not in ('pg_catalog', 'pg_toast', 'information_schema')`;
    return Object.fromEntries(rows.map(({ name, kind, bytes }) => [`${kind === "i" ? "index" : "table"} ${name}`, Number(bytes)]));
  }

  async #queues(): Promise<Sample> {
    return this.#redis === undefined ? this.#postgresQueues() : this.#redisQueues(this.#redis);
  }

  async #postgresQueues(): Promise<Sample> {
    const schema = this.#sql(`${this.#fleet.app}_queue`);
    const rows = await this.#sql<
      { queue: string; state: string; n: number }[]
    >`select queue, state::text, count(*)::int as n from ${schema}.job group by 1, 2`;
    return Object.fromEntries(rows.map(({ queue, state, n }) => [`queue ${queue} ${state}`, n]));
  }

  /** Counts every list, sorted set and stream, which are the states of queues. Jobs also have hashes, which show in the memory figures. */
  async #redisQueues(redis: Redis): Promise<Sample> {
    const sample: Record<string, number> = {};
    for (const [type, length] of [
      ["list", "llen"],
      ["zset", "zcard"],
      ["stream", "xlen"],
    ] as const) {
      let cursor = "0";
      do {
        const [next, keys] = (await redis.call("SCAN", cursor, "TYPE", type, "COUNT", "1000")) as [string, string[]];
        for (const key of keys) sample[`queue ${key}`] = await redis[length](key);
        cursor = next;
      } while (cursor !== "0");
    }
    const memory = /used_memory:(\d+)/.exec(await redis.info("memory"))?.[1];
    return { ...sample, "redis memory": Number(memory) };
  }

  async #process(): Promise<Sample> {
    const answer = await fetch(`${this.#fleet.url("all")}/trpc/source.look`);
    const { result } = (await answer.json()) as { result: { data: { residentBytes: number; heapBytes: number; handles: number } } };
    const [row] = await this.#sql<{ n: number }[]>`select count(*)::int as n from pg_stat_activity where application_name like 'holon%'`;
    const { residentBytes, heapBytes, handles } = result.data;
    return { "memory resident": residentBytes, "memory heap": heapBytes, "handles process": handles, "connections postgres": row?.n ?? 0 };
  }
}
