import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import type { EventArguments } from "./event-handler.ts";
import { useEventsPlace } from "./events.testing.ts";

const ROWS = 10;
/** Events of a message, and of a look for held ones. */
const TOGETHER = 50;

const place = useEventsPlace();
beforeAll(async () => {
  await place.sql`create table orders.stock (n int primary key, left_count int not null)`;
});
afterEach(async () => {
  await place.sql`truncate orders.stock`;
});

/** Takes from one of a few rows, in turns upwards and downwards: two transactions of many events each wait for the other's rows. */
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

describe("handlers that change the same rows in another order", { timeout: 60_000 }, () => {
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

  it("do so as well, if some of their events are held", async () => {
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
