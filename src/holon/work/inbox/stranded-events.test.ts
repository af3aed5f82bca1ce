import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { useEventsPlace } from "./events.testing.ts";
import type { EventWork } from "./start-event-work.ts";

const place = useEventsPlace();

/** A held event as an older version left it: it needs the event before it of its key, and is acknowledged. */
interface Left {
  readonly key: string;
  readonly number: number;
  readonly name?: string;
  readonly state?: "held" | "parked";
  readonly ageSeconds?: number;
}

/** Inserts these events into the inbox, in this order. Returns their ids. */
async function leave(events: readonly Left[]): Promise<readonly string[]> {
  const rows = events.map(({ name = "paymentTaken", state = "held", ageSeconds = 120, ...event }, at) => ({
    ...{ ...event, name, state, ageSeconds, id: randomUUID(), position: at + 1 },
    payload: { orderId: event.key, n: event.number },
  }));
  await place.sql`
    insert into orders.holon_inbox (producer, event_id, name, position, ordered_key, key_number, state, payload, initiator, needs, needs_surely, received_at)
    select 'payments', r.id, r.name, r.position, r.key, r.number, r.state, r.payload, '{"kind":"anonymous"}', r.number - 1, true, now() - r."ageSeconds" * interval '1 second'
    from jsonb_to_recordset(${place.sql.json(rows)})
      as r (id uuid, name text, position bigint, key text, number bigint, state text, payload jsonb, "ageSeconds" int)`;
  return rows.map(({ id }) => id);
}

const effectsOf = async (key: string) => (await place.effects()).filter((effect) => effect.key === key).map(({ n }) => n);
const listed = async ({ parked }: EventWork) => (await parked.listStranded()).map(({ key, waitsFor, reason }) => [key, waitsFor, reason]);
const NOT_FOUND = { code: "NOT_FOUND" };

describe("an event that is held for one that does not come", () => {
  it("is listed after a minute with the number of the missing event, and those that wait behind it are not", async () => {
    await leave([
      { key: "a", number: 5 },
      { key: "a", number: 6 },
      { key: "new", number: 5, ageSeconds: 0 },
    ]);
    expect(await listed(await place.startConsumer(place.backend))).toEqual([["a", "arrival", "event 4 of its key has not come"]]);
  });

  it("is handled when it is released, and those behind it in their order", async () => {
    const [first = ""] = await leave([5, 6, 7].map((number) => ({ key: "a", number })));
    const consumer = await place.startConsumer(place.backend);
    await consumer.parked.release(first);
    await until(async () => (await effectsOf("a")).length === 3);
    expect(await effectsOf("a")).toEqual([5, 6, 7]);
    expect(await listed(consumer)).toEqual([]);
    await expect(consumer.parked.release(first)).rejects.toMatchObject(NOT_FOUND);
  });

  it("has no effect if it is skipped, and those behind it are handled", async () => {
    const [first = ""] = await leave([5, 6, 7].map((number) => ({ key: "a", number })));
    const consumer = await place.startConsumer(place.backend);
    await consumer.parked.skip(first);
    await until(async () => (await effectsOf("a")).length === 2);
    expect(await effectsOf("a")).toEqual([6, 7]);
  });

  it("can be neither released nor skipped in the first minute, nor before an earlier one of its key that is held or parked", async () => {
    const [, ...later] = await leave([
      { key: "a", number: 5 },
      { key: "a", number: 6 },
      { key: "a", number: 9 },
      { key: "new", number: 5, ageSeconds: 0 },
      { key: "b", number: 2, state: "parked" },
      { key: "b", number: 5 },
    ]);
    const consumer = await place.startConsumer(place.backend);
    expect(await listed(consumer)).toEqual([["a", "arrival", "event 4 of its key has not come"]]);
    const [parked, ...others] = [later[3] ?? "", later[0], later[1], later[2], later[4]];
    for (const id of others) {
      await expect(consumer.parked.release(id ?? "")).rejects.toMatchObject(NOT_FOUND);
      await expect(consumer.parked.skip(id ?? "")).rejects.toMatchObject(NOT_FOUND);
    }
    await consumer.parked.skip(parked);
    expect(await listed(consumer)).toContainEqual(["b", "arrival", "event 4 of its key has not come"]);
  });

  it("waits for a process that has a handler if it is released by one that has none", async () => {
    const [first = ""] = await leave([{ key: "a", number: 5 }]);
    const older = await place.startOlderConsumer(place.backend);
    expect(await listed(older)).toEqual([["a", "arrival", "event 4 of its key has not come"]]);
    await older.parked.release(first);
    expect(await listed(older)).toEqual([["a", "handler", "no handler in this version"]]);
    await place.startConsumer(place.backend);
    await until(async () => (await effectsOf("a")).length === 1);
  });

  it("is looked for among the oldest ten thousand, by indexes", async () => {
    await leave([{ key: "a", number: 5 }]);
    await place.sql`insert into orders.holon_inbox (producer, event_id, name, position, ordered_key, key_number, state, payload, needs, needs_surely, received_at, settled_at)
      select 'payments', gen_random_uuid(), 'paymentTaken', n, 'k' || n, 9, case when n <= 40000 then 'held' else 'done' end, '{}', 8, true, now() - interval '90 seconds',
        case when n > 40000 then now() end from generate_series(6, 60000) n`;
    await place.sql`analyze orders.holon_inbox`;
    const consumer = await place.startOlderConsumer(place.backend, { limits: { pollMs: 3_600_000 } });
    const reads = async () => {
      await place.sql`select pg_stat_clear_snapshot()`;
      const [row] = await place.sql<{ whole: number; waiting: number; ordered: number }[]>`
        select t.seq_scan::int as whole, w.idx_tup_read::int as waiting, o.idx_tup_read::int as ordered from pg_stat_all_tables t
        join pg_stat_all_indexes w on w.relid = t.relid and w.indexrelname = 'holon_inbox_waiting'
        join pg_stat_all_indexes o on o.relid = t.relid and o.indexrelname = 'holon_inbox_order' where t.schemaname = 'orders' and t.relname = 'holon_inbox'`;
      return row ?? { whole: 0, waiting: 0, ordered: 0 };
    };
    // A session publishes its counters together, some time after they changed. So the counts of the rows above are waited for first.
    let before = await reads();
    await until(async () => {
      const last = before;
      await place.sql`select pg_sleep(1.1)`;
      before = await reads();
      return last.whole === before.whole;
    });
    const found = await listed(consumer);
    expect([found.length, found[0]]).toEqual([200, ["a", "arrival", "event 4 of its key has not come"]]);
    await until(async () => (await reads()).waiting > before.waiting);
    const after = await reads();
    expect(after.waiting - before.waiting).toBeLessThanOrEqual(10_001);
    expect(after.ordered - before.ordered).toBeLessThanOrEqual(10_001);
    expect(after.whole).toBe(before.whole);
  });
});
