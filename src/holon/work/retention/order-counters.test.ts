import fc from "fast-check";
import type { Sql } from "postgres";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { testLimits, testScope } from "../../data/database.testing.ts";
import type { SQL } from "../../data/drizzle/sql.ts";
import { useOrders } from "../../data/orders.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { rowsOf, WorkDatabase } from "../engine/work-database.ts";
import { contextRetentions, OrderCounters } from "./start-retention.ts";

const place = useOrders({ poolCount: 10 });
let sql: Sql;
let data: typeof place.data;
beforeAll(() => {
  ({ sql, data } = place);
});
afterEach(() => empty());

const empty = () => sql`truncate orders.holon_outbox, orders.holon_deliveries, orders.holon_order, orders.holon_removed restart identity`;

async function look(): Promise<void> {
  for (const { remove } of contextRetentions(new WorkDatabase(data, systemClock), testLimits())) while ((await remove(2)).isFull);
}

const emit = (...keys: string[]) =>
  data.transaction(testScope(), async (tx) => {
    for (const key of keys) await tx.appendEvent({ name: "placed", key, payload: {} });
  });

/** Emits as the previous version does: that version writes no mark, and begins at 1. */
const emitAsBefore = (key: string) => sql`with number as (
    insert into orders.holon_order as o (name, ordered_key, last_number) values ('placed', ${key}, 1)
    on conflict (name, ordered_key) do update set last_number = o.last_number + 1 returning o.last_number
  ) insert into orders.holon_outbox (kind, name, payload, initiator, ordered_key, key_number) select 'event', 'placed', '{}', '{}', ${key}, last_number from number`;

const settle = () => sql`update orders.holon_outbox set settled_at = now() where settled_at is null`;

/** Lets days pass: makes everything that was written older by so much. */
async function pass(days: number): Promise<void> {
  const span = `${days} days`;
  await sql`update orders.holon_outbox set settled_at = settled_at - ${span}::interval`;
  await sql`update orders.holon_order set idle_since = idle_since - ${span}::interval`;
}

const counters = async () => (await sql`select ordered_key from orders.holon_order order by 1`).map((row) => row["ordered_key"] as string);

/** Numbers of the events in the outbox, by key, in the order of their positions. */
async function numbers(): Promise<Record<string, readonly number[]>> {
  const rows = await sql<
    { key: string; number: string }[]
  >`select ordered_key as key, key_number as number from orders.holon_outbox order by position`;
  const byKey: Record<string, number[]> = {};
  for (const { key, number } of rows) byKey[key] = [...(byKey[key] ?? []), Number(number)];
  return byKey;
}

describe("the counter of a key", () => {
  it("is removed if its key had no event for 38 days, and the next one begins after all numbers that were used", async () => {
    await emit("a");
    await emit("a", "b");
    await settle();
    await pass(39);
    await look();
    // The key `a` was used after it was marked, so it is marked again. The key `b`, with one event, is not.
    expect(await counters()).toEqual(["a"]);
    await pass(39);
    await look();
    expect(await counters()).toEqual([]);
    await emit("a");
    await emit("a", "b", "a", "b");
    expect(await numbers()).toEqual({ a: [4, 5, 6], b: [4, 5] });
  });

  it("stays while an event of its key is not acknowledged, however old the event is", async () => {
    await emit("a");
    await pass(400);
    await look();
    await pass(400);
    await look();
    expect(await counters()).toEqual(["a"]);
    await emit("a");
    expect(await numbers()).toEqual({ a: [1, 2] });
  });

  it("stays if the version before this one has used it, which does not mark it", async () => {
    await emitAsBefore("a");
    for (let time = 0; time < 4; time++) {
      await settle();
      await pass(20);
      await look();
      await emitAsBefore("a");
      await settle();
      await pass(20);
      // The event of twenty days ago is not in the outbox any more, and the mark is forty days old.
      await look();
      expect(await counters()).toEqual(["a"]);
    }
    await emitAsBefore("a");
    expect(await numbers()).toEqual({ a: [6] });
  });

  it("stays if the removal of its events does not reach its number, since the next one would begin at numbers that were used", async () => {
    await sql`insert into orders.holon_removed values ('placed', 6)`;
    await sql`insert into orders.holon_order values ('placed', 'low', 6, now() - interval '39 days', 6), ('placed', 'high', 7, now() - interval '39 days', 7),
      ('noted', 'none', 1, now() - interval '39 days', 1)`;
    await look();
    expect(await counters()).toEqual(["high", "none"]);
  });

  /** Leaves a counter at number 1 that may be removed: it has no event in the outbox. */
  async function idleCounter(): Promise<void> {
    await emit("a");
    await settle();
    await pass(8);
    await look();
    await pass(31);
    expect([await counters(), await numbers()]).toEqual([["a"], {}]);
  }

  it("is passed over while an event takes its next number, and goes on from there", async () => {
    await idleCounter();
    await sql.begin(async (tx) => {
      await tx`update orders.holon_order set last_number = last_number + 1`;
      await look();
    });
    expect(await counters()).toEqual(["a"]);
    await emit("a");
    expect(await numbers()).toEqual({ a: [3] });
  });

  it("that is removed at the moment when events come for it makes them wait, and their numbers begin after its own", async () => {
    await idleCounter();
    const table = (name: string) => new WorkDatabase(data, systemClock).table(name);
    const emitting = await data.transaction(testScope(), async (tx) => {
      const rows = async <Row>(_task: string, statement: SQL) => rowsOf<Row>(tx, statement);
      expect(await new OrderCounters({ table, rows }, 0).remove(10)).toEqual({ removedCount: 1, isFull: false });
      const waiting = [emit("a"), emit("a", "a")];
      await until(async () => (await sql`select 1 from pg_locks where not granted`).length === 2);
      return { waiting };
    });
    await Promise.all(emitting.waiting);
    expect(await numbers()).toEqual({ a: [2, 3, 4] });
  });

  it("never gives a number twice, and goes on without a gap for 38 days at least, in any order of steps", async () => {
    const key = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ do: fc.constant("emit" as const), keys: fc.array(key, { minLength: 1, maxLength: 4 }) }),
      fc.record({ do: fc.constant("settle" as const) }),
      fc.record({ do: fc.constant("pass" as const), days: fc.constantFrom(1, 8, 20, 38, 39) }),
      fc.record({ do: fc.constant("look" as const) }),
      fc.record({ do: fc.constant("rest" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 25 }), async (steps) => {
        await empty();
        const last = new Map<string, { number: number; day: number }>();
        let day = 0;
        let seen = 0;
        for (const each of steps) {
          if (each.do === "emit") await emit(...each.keys);
          else if (each.do === "settle") await settle();
          else if (each.do === "look") await look();
          else if (each.do === "rest") {
            await settle();
            for (const days of [8, 31]) {
              day += days;
              await pass(days);
              await look();
            }
          } else {
            day += each.days;
            await pass(each.days);
          }
          const rows = await sql<{ position: string; key: string; number: string }[]>`select position, ordered_key as key, key_number as number
            from orders.holon_outbox where position > ${seen} order by position`;
          for (const { position, key: used, number } of rows) {
            const before = last.get(used);
            if (before !== undefined) expect(Number(number)).toBeGreaterThan(before.number);
            if (before !== undefined && day - before.day < 38) expect(Number(number)).toBe(before.number + 1);
            last.set(used, { number: Number(number), day });
            seen = Number(position);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
