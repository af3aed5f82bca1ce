import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { signal, until } from "../../data/child.testing.ts";
import { sql } from "../../data/drizzle/sql.ts";
import type { EventArguments } from "./event-routes.ts";
import { useEventsPlace } from "./events.testing.ts";

const ROWS = 10;
/** Events of one message, and of one look for held events. */
const TOGETHER = 50;

const place = useEventsPlace();
beforeAll(async () => {
  await place.sql`create table orders.stock (n int primary key, left_count int not null)`;
});
afterEach(async () => {
  await place.sql`truncate orders.stock`;
});

/** Takes from a few rows, upwards and downwards by turns, so that two transactions of many events each wait for rows of the other. */
function takingStock() {
  const seen = { deadlocks: 0 };
  const react = async ({ event, tx }: EventArguments) => {
    const { n } = event.payload as { n: number };
    const isUpwards = Math.floor(n / TOGETHER) % 2 === 0;
    const row = isUpwards ? n % ROWS : ROWS - 1 - (n % ROWS);
    const taking = tx.db.execute(sql`update orders.stock set left_count = left_count - 1 where n = ${row}`);
    await taking.catch((error: unknown) => {
      seen.deadlocks++;
      throw error;
    });
  };
  return { seen, react };
}

async function stock(each: number): Promise<void> {
  await place.sql`insert into orders.stock select n, ${each} from generate_series(0, ${ROWS - 1}) as n`;
}

const left = async () => [...(await place.sql`select left_count as n from orders.stock order by stock.n`)].map(({ n }) => n as number);

describe("handlers that change the same rows in another order", { timeout: 180_000 }, () => {
  it("meet a deadlock once in each transaction that is under way, and are called in transactions of their own after that", async () => {
    const count = 16 * TOGETHER;
    await stock(count / ROWS);
    const { seen, react } = takingStock();
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.emitMany(count);
    await place.startConsumer(place.backend, react, { concurrencyCount: 3 });
    await until(async () => (await place.unsettled()) === 0);
    expect(await left()).toEqual(Array.from({ length: ROWS }, () => 0));
    expect(seen.deadlocks).toBeGreaterThan(0);
    expect(seen.deadlocks).toBeLessThanOrEqual(3);
  });

  it("do the same if some of their events are held", async () => {
    const count = 8 * TOGETHER;
    await stock((2 * count) / ROWS);
    const held = Array.from({ length: count }, (_, n) => ({ id: randomUUID(), n, payload: { orderId: "a", n } }));
    await place.sql`
      insert into orders.holon_inbox (producer, event_id, name, position, state, payload, initiator, needs_surely, retry_at)
      select 'payments', r.id, 'paymentTaken', r.n, 'held', r.payload, '{"kind":"anonymous"}', false, now()
      from jsonb_to_recordset(${place.sql.json(held)}) as r (id uuid, n bigint, payload jsonb)`;
    const { seen, react } = takingStock();
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.emitMany(count);
    await place.startConsumer(place.backend, react, { concurrencyCount: 2 });
    await until(async () => (await place.unsettled()) === 0 && (await place.inbox()).every(({ state }) => state === "done"));
    expect(await left()).toEqual(Array.from({ length: ROWS }, () => 0));
    expect(seen.deadlocks).toBeLessThanOrEqual(3);
  });
});

describe("a key that another process is working on", () => {
  const taken = (key: string, n: number) => ({ name: "paymentTaken", key, payload: { orderId: key, n } });
  const isWaitedFor = async () =>
    (await place.sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and wait_event = 'advisory' and datname = current_database()`)
      .length > 0;
  const deadlock = async ({ tx }: EventArguments) => {
    await tx.db.execute(sql`do $$ begin raise exception 'a deadlock' using errcode = '40P01'; end $$`);
  };

  it.each([
    ["after a deadlock", { first: [taken("d", 1), taken("e", 1)], own: [], before: deadlock }],
    ["after a failure of its message", { first: [], own: [taken("d", 1)], before: () => Promise.reject(new TypeError("not yet")) }],
  ])("does not delay events of other keys of its message %s", async (_when, { first, own, before }) => {
    const [isAtWork, finish] = [signal(), signal()];
    let hasFailed = false;
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(place.backend, async (args) => {
      const { key, payload } = args.event;
      if (key === "d" && !hasFailed) {
        hasFailed = true;
        await before(args);
      }
      if (key !== "a" || (payload as { n: number }).n !== 1) return;
      isAtWork.resolve();
      await finish.promise;
    });
    if (first.length > 0) await place.emitTogether(first);
    await until(async () => (await place.effects()).length === first.length);
    await place.emitTogether([taken("a", 1)]);
    await isAtWork.promise;
    await place.emitTogether([...own, taken("a", 2), taken("a", 3), taken("b", 1)]);
    await until(isWaitedFor);
    const keys = (await place.effects()).map(({ key }) => key);
    finish.resolve();
    expect(keys).toContain("b");
    await until(async () => (await place.unsettled()) === 0 && (await place.inbox()).every(({ state }) => state === "done"));
    expect((await place.effects()).filter(({ key }) => key === "a").map(({ n }) => n)).toEqual([1, 2, 3]);
    expect(hasFailed).toBe(true);
  });
});
