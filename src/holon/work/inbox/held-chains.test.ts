import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { silentLogger, systemClock } from "../../kernel/index.ts";
import { createQueueBackend, type QueueBackend } from "../queue/index.ts";
import { type EventsPlace, openEventsPlace } from "./events.testing.ts";

let place: EventsPlace;
let backend: QueueBackend;
beforeAll(async () => {
  place = await openEventsPlace();
  backend = await createQueueBackend({ kind: "postgres", url: place.url }, { log: silentLogger, clock: systemClock, prefix: "test" });
});
afterEach(() => place.reset());
afterAll(async () => {
  await backend?.close();
  await place?.end();
});

/** Events of one key that wait one behind the other, the first of them due. */
async function hold(key: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, at) => ({ id: randomUUID(), number: at + 1, payload: { orderId: key, n: at + 1 } }));
  await place.sql`
    insert into orders.holon_inbox (producer, event_id, name, position, ordered_key, key_number, state, payload, initiator, needs, needs_surely, retry_at)
    select 'payments', r.id, 'paymentTaken', r.number, ${key}, r.number, 'held', r.payload, '{"kind":"anonymous"}', nullif(r.number - 1, 0), r.number > 1,
      case when r.number = 1 then now() end
    from jsonb_to_recordset(${place.sql.json(rows)}) as r (id uuid, number bigint, payload jsonb)`;
}

const effectsOf = async (key: string) => (await place.effects()).filter((effect) => effect.key === key).map(({ n }) => n);
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

/** Transactions in which events of a key were worked off. */
async function transactionsOf(key: string): Promise<number> {
  const [row] = await place.sql`select count(distinct xmin::text)::int as n from orders.holon_inbox where ordered_key = ${key} and state = 'done'`;
  return row?.["n"] as number;
}

describe("events of one key that wait one behind the other", { timeout: 60_000 }, () => {
  it("are worked off many in one transaction, in their order", async () => {
    await hold("a", 200);
    await place.startConsumer(backend);
    await until(async () => (await effectsOf("a")).length === 200);
    expect(await effectsOf("a")).toEqual(upTo(200));
    expect(await transactionsOf("a")).toBeLessThanOrEqual(8);
  });

  it("go on up to the one that fails, which alone is tried again; those behind it wait", async () => {
    await hold("a", 20);
    let isMended = false;
    const consumer = await place.startConsumer(
      backend,
      ({ event }) => {
        if (!isMended && (event.payload as { n: number }).n === 12) throw new TypeError("not yet");
      },
      { attemptsCount: 2 },
    );
    await until(async () => (await consumer.parked.list()).length === 1);
    expect(await effectsOf("a")).toEqual(upTo(11));
    const attempts = (await place.inbox()).filter((row) => row.attempts > 0).map(({ number }) => number);
    expect(attempts).toEqual([12]);
    isMended = true;
    const [parked] = await consumer.parked.list();
    await consumer.parked.release(parked?.id ?? "");
    await until(async () => (await effectsOf("a")).length === 20);
    expect(await effectsOf("a")).toEqual(upTo(20));
  });

  it("stop behind one whose payload does not fit, which is parked", async () => {
    await hold("a", 10);
    await place.sql`update orders.holon_inbox set payload = '{"orderId": 5}' where key_number = 4`;
    const consumer = await place.startConsumer(backend);
    await until(async () => (await consumer.parked.list()).length === 1);
    expect(await effectsOf("a")).toEqual([1, 2, 3]);
    const [parked] = await consumer.parked.list();
    await consumer.parked.skip(parked?.id ?? "");
    await until(async () => (await effectsOf("a")).length === 9);
    expect(await effectsOf("a")).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10]);
  });
});
