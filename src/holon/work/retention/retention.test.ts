import type { Sql } from "postgres";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { testLimits, testScope } from "../../data/database.testing.ts";
import { useOrders } from "../../data/orders.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { WorkDatabase } from "../engine/work-database.ts";
import { contextRetentions } from "./start-retention.ts";

const place = useOrders({ poolCount: 10 });
let sql: Sql;
let data: typeof place.data;
beforeAll(() => {
  ({ sql, data } = place);
});
afterEach(
  () => sql`truncate orders.holon_outbox, orders.holon_deliveries, orders.holon_inbox, orders.holon_jobs, orders.holon_keys, orders.holon_order,
  orders.holon_removed, orders.holon_schedules, orders.holon_subscribers, orders.holon_runs, orders.holon_steps, orders.holon_awaited_events`,
);

/** One look of a sweeper, in batches of a few rows. */
async function look(batchCount = 3): Promise<Record<string, number>> {
  const removed: Record<string, number> = {};
  for (const { table, remove } of contextRetentions(new WorkDatabase(data, systemClock), testLimits())) {
    for (let isFull = true; isFull; ) {
      const batch = await remove(batchCount);
      if (batch.removedCount > 0) removed[table] = (removed[table] ?? 0) + batch.removedCount;
      isFull = batch.isFull;
    }
  }
  return removed;
}

async function countOf(table: string): Promise<number> {
  return (await sql`select 1 from orders.${sql(table)}`).length;
}

const FOR_EVER = "400 days";
const outbox = (settled: string) => `insert into orders.holon_outbox (kind, name, payload, initiator, created_at, settled_at)
  values ('event', 'placed', '{}', '{"kind":"anonymous"}', now() - $1::text::interval, ${settled})`;
const delivered = (settled: string, acknowledged: string) => `with o as (${outbox(settled)} returning position)
  insert into orders.holon_deliveries (position, subscriber, sent_at, acknowledged_at) select position, 'mail', now() - $1::text::interval, ${acknowledged} from o`;
const inbox = (state: string, settled: string) => `insert into orders.holon_inbox (producer, event_id, name, position, state, received_at, settled_at)
  values ('sales', gen_random_uuid(), 'placed', 1, '${state}', now() - $1::text::interval, ${settled})`;
const job = (state: string, settled: string) => `insert into orders.holon_jobs (id, name, state, created_at, settled_at)
  values (gen_random_uuid(), 'send', '${state}', now() - $1::text::interval, ${settled})`;
const THEN = "now() - $1::text::interval";
const run = (
  state: string,
  settled: string,
) => `insert into orders.holon_runs (workflow, version, key, state, input, initiator, created_at, settled_at)
  values ('place', 1, 'k', '${state}', '{}', '{}', now() - $1::text::interval, ${settled})`;
const step = `with r as (${run("done", "now() - $1::text::interval")} returning id)
  insert into orders.holon_steps (run_id, name, ordinal, kind, state, settled_at) select id, 'a', 1, 'run', 'done', now() from r`;

describe("what is kept, and how long (the table in docs/limits.md):", () => {
  it.each([
    ["an event that all have acknowledged", "holon_outbox", outbox(THEN), "6 days 23 hours", "7 days 1 hour"],
    ["its deliveries", "holon_deliveries", delivered(THEN, THEN), "6 days 23 hours", "7 days 1 hour"],
    ["an event that was taken", "holon_inbox", inbox("done", THEN), "29 days 23 hours", "30 days 1 hour"],
    ["an event that was skipped", "holon_inbox", inbox("skipped", THEN), "29 days 23 hours", "30 days 1 hour"],
    ["a job that is done", "holon_jobs", job("done", THEN), "59 minutes", "61 minutes"],
    ["a job that failed for good", "holon_jobs", job("failed", THEN), "13 days 23 hours", "14 days 1 hour"],
    ["a run that ended, and its key", "holon_runs", run("done", THEN), "29 days 23 hours", "30 days 1 hour"],
    ["a run that was undone", "holon_runs", run("undone", THEN), "29 days 23 hours", "30 days 1 hour"],
    ["its steps", "holon_steps", step, "29 days 23 hours", "30 days 1 hour"],
    [
      "an event that runs may come to wait for",
      "holon_awaited_events",
      `insert into orders.holon_awaited_events (event_id, event, ordered_key, payload, received_at) values (gen_random_uuid(), 'payments.taken', 'k', '{}', ${THEN})`,
      "29 days 23 hours",
      "30 days 1 hour",
    ],
    [
      "an idempotency key",
      "holon_keys",
      `insert into orders.holon_keys (principal, procedure, key, request_hash, state, expires_at) values ('user', 'orders.place', 'k', '', 'done', ${THEN} + interval '24 hours')`,
      "23 hours",
      "25 hours",
    ],
    [
      "the counter of a key without events",
      "holon_order",
      `with r as (insert into orders.holon_removed values ('placed', 1)) insert into orders.holon_order values ('placed', 'a', 1, ${THEN}, 1)`,
      "37 days 23 hours",
      "38 days 1 hour",
    ],
  ])("%s", async (_, table, insert, youngest, old) => {
    await sql.unsafe(insert, [youngest]);
    expect(await look()).toEqual({});
    expect(await countOf(table)).toBe(1);
    await sql`truncate orders.holon_outbox, orders.holon_deliveries, orders.holon_inbox, orders.holon_jobs, orders.holon_keys, orders.holon_order, orders.holon_removed,
      orders.holon_runs, orders.holon_steps, orders.holon_awaited_events`;
    await sql.unsafe(insert, [old]);
    await look();
    expect(await countOf(table)).toBe(0);
  });

  it.each([
    ["an event that one subscriber has not acknowledged", "holon_outbox", outbox("null")],
    ["its deliveries", "holon_deliveries", delivered("null", "null")],
    ["an event that waits for an earlier one", "holon_inbox", inbox("held", "null")],
    ["an event that waits for a decision", "holon_inbox", inbox("parked", "null")],
    ["a job that waits", "holon_jobs", job("waiting", "null")],
    ["a job that runs", "holon_jobs", job("running", "null")],
    ["a run that goes on", "holon_runs", run("sleeping", "null")],
    ["a run that is stuck", "holon_runs", run("stuck", "null")],
    ["how far events were removed", "holon_removed", "insert into orders.holon_removed select 'placed', 7 where $1::text is not null"],
    [
      "a schedule that no version knows",
      "holon_schedules",
      `insert into orders.holon_schedules (name, cron, time_zone, next_at) values ('nightly', '0 3 * * *', 'UTC', ${THEN})`,
    ],
    [
      "a subscriber that is gone",
      "holon_subscribers",
      `insert into orders.holon_subscribers (subscriber, event, after_position, created_at) values ('gone', 'placed', 0, ${THEN})`,
    ],
  ])("%s stays", async (_, table, insert) => {
    await sql.unsafe(insert, [FOR_EVER]);
    expect(await look()).toEqual({});
    expect(await countOf(table)).toBe(1);
  });
});

describe("the removal of old rows", () => {
  it("goes on behind rows that another session has locked, and removes those with the next look", async () => {
    for (let n = 0; n < 20; n++) await sql.unsafe(job("done", THEN), [`${2 + n} hours`]);
    const [oldest] = await sql<{ id: string }[]>`select id from orders.holon_jobs order by settled_at limit 1`;
    await sql.begin(async (tx) => {
      await tx`select 1 from orders.holon_jobs where id = ${oldest?.id ?? ""} for update`;
      expect(await look()).toEqual({ holon_jobs: 19 });
    });
    expect(await look()).toEqual({ holon_jobs: 1 });
  });

  it("removes rows of one moment, however many more than a batch", async () => {
    await sql`insert into orders.holon_jobs (id, name, state, settled_at) select gen_random_uuid(), 'send', 'done', now() - interval '2 hours' from generate_series(1, 100)`;
    expect(await look(10)).toEqual({ holon_jobs: 100 });
  });

  it("notes the position up to which events were removed, for watchers that resume", async () => {
    for (let n = 0; n < 7; n++) await sql.unsafe(outbox(THEN), ["8 days"]);
    const [last] = await sql<{ position: string }[]>`select max(position) as position from orders.holon_outbox`;
    expect(await look()).toEqual({ holon_outbox: 7 });
    expect(await sql`select name, position from orders.holon_removed`).toEqual([{ name: "placed", position: last?.position }]);
  });

  it("finds rows by an index, in a table of any size", async () => {
    await sql`insert into orders.holon_jobs (id, name, state, settled_at) select gen_random_uuid(), 'send', 'done', now() from generate_series(1, 1000)`;
    await data.transaction(testScope(), async ({ db }) => {
      await db.execute("set local enable_seqscan = off");
      const statements = ["state = 'done' and settled_at < now()", "state = 'failed' and settled_at < now()"];
      for (const which of statements) {
        const plan = await db.execute(`explain select ctid from orders.holon_jobs where ${which} order by settled_at limit 10`);
        expect(JSON.stringify(plan)).toMatch(/Index (?:Only )?Scan using holon_jobs_(?:done|failed)/);
        expect(JSON.stringify(plan)).not.toContain("Sort");
      }
    });
  });

  it("by several sweepers at once removes each row once, and fails none of them", async () => {
    await sql`insert into orders.holon_jobs (id, name, state, settled_at) select gen_random_uuid(), 'send', 'done', now() - interval '2 hours' from generate_series(1, 500)`;
    await sql`insert into orders.holon_outbox (kind, name, payload, initiator, settled_at)
      select 'event', 'placed' || n % 7, '{}', '{"kind":"anonymous"}', now() - interval '8 days' from generate_series(1, 500) n`;
    const looks = await Promise.all(Array.from({ length: 5 }, () => look(20)));
    const sum = (table: string) => looks.reduce((total, removed) => total + (removed[table] ?? 0), 0);
    expect([sum("holon_jobs"), sum("holon_outbox")]).toEqual([500, 500]);
  });

  it("goes on beside the version before, which removes from the same tables by statements of its own", async () => {
    await sql`insert into orders.holon_jobs (id, name, state, settled_at) select gen_random_uuid(), 'send', 'done', now() - interval '2 hours' from generate_series(1, 500)`;
    await sql`with o as (insert into orders.holon_outbox (kind, name, payload, initiator, settled_at)
        select 'event', 'placed' || n % 7, '{}', '{"kind":"anonymous"}', now() - interval '8 days' from generate_series(1, 500) n returning position)
      insert into orders.holon_deliveries (position, subscriber, acknowledged_at) select position, 'mail', now() from o`;
    const older = async () => {
      for (let time = 0; time < 10; time++) {
        await sql`with gone as (
            delete from orders.holon_outbox where position in
              (select position from orders.holon_outbox where settled_at < now() - interval '7 days' order by settled_at limit 30) returning kind, name, position
          ) insert into orders.holon_removed as r (name, position) select name, max(position) from gone where kind = 'event' group by name order by name
          on conflict (name) do update set position = greatest(r.position, excluded.position)`;
        await sql`delete from orders.holon_jobs where id in (select id from orders.holon_jobs where (state = 'done' and settled_at < now() - interval '1 hour')
          or (state = 'failed' and settled_at < now() - interval '14 days') limit 30)`;
      }
    };
    await Promise.all([older(), look(20), older(), look(20)]);
    await look();
    expect([await countOf("holon_jobs"), await countOf("holon_outbox"), await countOf("holon_deliveries")]).toEqual([0, 0, 0]);
    expect(await sql`select deadlocks::int from pg_stat_database where datname = current_database()`).toEqual([{ deadlocks: 0 }]);
  });
});
