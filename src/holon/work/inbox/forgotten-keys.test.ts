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

const taken = (key: string, n: number) => ({ name: "paymentTaken", key, payload: { orderId: key, n } });
const numbersOf = async (key: string) => (await place.effects()).filter((effect) => effect.key === key).map(({ n }) => n);
const allSettled = () => until(async () => (await place.unsettled()) === 0);

/** What the retention of the producer leaves forty days later: neither the events nor the counters of their keys. */
async function forget(): Promise<void> {
  await place.sql`insert into payments.holon_removed select name, max(position) from payments.holon_outbox group by name`;
  await place.sql`delete from payments.holon_outbox`;
  await place.sql`delete from payments.holon_order`;
}

describe("events of a key that the producer has forgotten", () => {
  it("are handled at once, in their order, though the inbox knows the old ones", async () => {
    await place.startProducer(backend);
    await place.startConsumer(backend);
    await place.emit([taken("a", 1)]);
    await place.emit([taken("a", 2)]);
    await until(async () => (await numbersOf("a")).length === 2);
    await allSettled();
    await forget();
    for (const n of [3, 4, 5]) await place.emit([taken("a", n)]);
    await until(async () => (await numbersOf("a")).length === 5);
    expect(await numbersOf("a")).toEqual([1, 2, 3, 4, 5]);
  });

  it("wait for the one that is parked, as those that come after it do, and go on when it is skipped", async () => {
    await place.startProducer(backend);
    const consumer = await place.startConsumer(backend, ({ event }) => {
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
