import { describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { eventQueue } from "./event-message.ts";
import { losing, useEventsPlace } from "./events.testing.ts";

const place = useEventsPlace();

const taken = (key: string, n: number) => ({ name: "paymentTaken", key, payload: { orderId: key, n } });
const numbersOf = async (key: string) => (await place.effects()).filter((effect) => effect.key === key).map(({ n }) => n);
const allSettled = () => until(async () => (await place.unsettled()) === 0);

/** What the retention of the producer leaves after forty days: neither the events nor the counters of their keys. */
async function forget(): Promise<void> {
  await place.sql`insert into payments.holon_removed select name, max(position) from payments.holon_outbox group by name`;
  await place.sql`delete from payments.holon_outbox`;
  await place.sql`delete from payments.holon_order`;
}

describe("events of a key that the producer has forgotten", () => {
  it("are handled at once, in their order, though the inbox knows the old ones", async () => {
    await place.startProducer(place.backend);
    await place.startConsumer(place.backend);
    await place.emit([taken("a", 1)]);
    await place.emit([taken("a", 2)]);
    await until(async () => (await numbersOf("a")).length === 2);
    await allSettled();
    await forget();
    for (const n of [3, 4, 5]) await place.emit([taken("a", n)]);
    await until(async () => (await numbersOf("a")).length === 5);
    expect(await numbersOf("a")).toEqual([1, 2, 3, 4, 5]);
  });

  it("wait for a parked one, like those that come after it, and go on when it is skipped", async () => {
    await place.startProducer(place.backend);
    const consumer = await place.startConsumer(place.backend, ({ event }) => {
      if ((event.payload as { n: number }).n === 1) throw new TypeError("never");
    });
    await place.emit([taken("a", 1)]);
    await until(async () => (await consumer.parked.list()).length === 1);
    await allSettled();
    await forget();
    for (const n of [2, 3]) await place.emit([taken("a", n)]);
    await place.emit([taken("b", 2)]);
    await allSettled();
    await until(async () => (await numbersOf("b")).length === 1);
    expect(await numbersOf("a")).toEqual([]);
    const [parked] = await consumer.parked.list();
    await consumer.parked.skip(parked?.id ?? "");
    await until(async () => (await numbersOf("a")).length === 2);
    expect(await numbersOf("a")).toEqual([2, 3]);
  });
});

describe("two events of a key that are due together, with no record of the events before them", () => {
  it("are handled, the earlier one first", async () => {
    const held = (position: number, number: number, needs: number | null, n: number) => place.sql`
      insert into orders.holon_inbox (producer, event_id, name, position, ordered_key, key_number, needs, needs_surely, state, payload, initiator, retry_at)
      values ('payments', gen_random_uuid(), 'paymentTaken', ${position}, 'a', ${number}, ${needs}, false, 'held', ${place.sql.json({ orderId: "a", n })},
        '{"kind":"anonymous"}', now())`;
    // Number 3 was released, and the event that it needed is forgotten. Since then the counter of the key was started again.
    await held(10, 3, 2, 1);
    await held(20, 1, null, 2);
    await place.startConsumer(place.backend);
    await until(async () => (await numbersOf("a")).length === 2);
    expect(await numbersOf("a")).toEqual([1, 2]);
  });
});

describe("events that need one which the inbox has forgotten, but not the producer", () => {
  /** What the retention of the inbox leaves when a context is back after weeks. */
  const forgetInbox = () => place.sql`delete from orders.holon_inbox`;

  it("are handled in their order once the producer, asked by the missing acknowledgement, says that the one before was taken", async () => {
    await place.startProducer(place.backend);
    await place.startConsumer(place.backend);
    await place.emit([taken("a", 1)]);
    await until(async () => (await numbersOf("a")).length === 1);
    await allSettled();
    await forgetInbox();
    for (const n of [2, 3, 4]) await place.emit([taken("a", n)]);
    await until(async () => (await numbersOf("a")).length === 4);
    await allSettled();
    expect(await numbersOf("a")).toEqual([1, 2, 3, 4]);
  });

  it("are handled at once if they waited in the outbox for a consumer that was down", async () => {
    await place.startProducer(place.backend);
    const consumer = await place.startConsumer(place.backend);
    await place.emit([taken("a", 1)]);
    await until(async () => (await numbersOf("a")).length === 1);
    await allSettled();
    await consumer.close();
    await forgetInbox();
    await place.sql`insert into payments.holon_outbox (kind, name, ordered_key, key_number, payload, initiator, sent_count)
      select 'event', 'paymentTaken', 'a', n, jsonb_build_object('orderId', 'a', 'n', n), '{"kind": "anonymous"}', 1 from generate_series(2, 4) as n`;
    await place.sql`insert into payments.holon_deliveries (position, subscriber, sent_count, sent_at)
      select position, 'orders', 0, now() from payments.holon_outbox where key_number > 1`;
    // No event is sent twice here.
    await place.startConsumer(place.backend, undefined, { resendMs: 3_600_000 });
    await allSettled();
    expect(await numbersOf("a")).toEqual([1, 2, 3, 4]);
    expect(await place.sql`select distinct sent_count from payments.holon_deliveries where position > 1`).toEqual([{ sent_count: 1 }]);
  });

  it("are handled when they are released, also if they were parked before the one before was forgotten", async () => {
    let isMended = false;
    await place.startProducer(place.backend);
    const consumer = await place.startConsumer(place.backend, ({ event }) => {
      if (!isMended && (event.payload as { n: number }).n === 2) throw new TypeError("not yet");
    });
    for (const n of [1, 2]) await place.emit([taken("a", n)]);
    await until(async () => (await consumer.parked.list()).length === 1);
    await allSettled();
    await place.sql`delete from orders.holon_inbox where state = 'done'`;
    isMended = true;
    const [parked] = await consumer.parked.list();
    await consumer.parked.release(parked?.id ?? "");
    await until(async () => (await numbersOf("a")).length === 2);
    expect(await numbersOf("a")).toEqual([1, 2]);
  });

  it("are parked if their payload does not fit, but only in their turn: when the end of the one before is known", async () => {
    await place.startProducer(place.backend);
    const consumer = await place.startConsumer(place.backend);
    await place.emit([taken("a", 1)]);
    await until(async () => (await numbersOf("a")).length === 1);
    await allSettled();
    await forgetInbox();
    await place.emit([{ name: "paymentTaken", key: "a", payload: { orderId: "a", n: "two" } }]);
    await until(async () => (await consumer.parked.list()).length === 1);
    await place.sql`update orders.holon_inbox set payload = '{"orderId": "a", "n": 2}' where state = 'parked'`;
    const [parked] = await consumer.parked.list();
    await consumer.parked.release(parked?.id ?? "");
    await until(async () => (await numbersOf("a")).length === 2);
    await allSettled();
  });

  it("are acknowledged when they are handled, if the one before comes late", async () => {
    // An event counts as lost half of this time after a look has found its queue empty. The others must be worked off in the other half.
    const [patient, lost] = [{ resendMs: 30_000, resendLostMs: 30_000 }, { count: 0 }];
    await place.startProducer(
      losing(place.backend, (queue) => queue === eventQueue("orders") && lost.count++ === 0),
      patient,
    );
    await place.startConsumer(place.backend, undefined, patient);
    await place.emit([taken("a", 1)]);
    await until(async () => (await place.sql`select 1 from payments.holon_deliveries where sent_at is not null`).length === 1);
    for (const n of [2, 3]) await place.emit([taken("a", n)]);
    await until(async () => (await place.inbox()).length === 2);
    await place.sql`update payments.holon_deliveries set sent_at = now() - interval '1 day' where position = (select min(position) from payments.holon_outbox)`;
    await allSettled();
    expect(await numbersOf("a")).toEqual([1, 2, 3]);
    expect((await place.sql`select sent_count from payments.holon_deliveries order by position`).map(({ sent_count: count }) => count)).toEqual([
      2, 1, 1,
    ]);
  });
});
