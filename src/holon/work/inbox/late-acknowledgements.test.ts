import { expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { ackQueue, eventQueue } from "./event-message.ts";
import { useEventsPlace } from "./events.testing.ts";

const place = useEventsPlace();

it("events that waited long are not sent again while their acknowledgements wait", async () => {
  const { backend } = place;
  const acks = ackQueue("payments");
  await place.startProducer(backend, { resendMs: 1_000, resendLostMs: 1_000 });
  await place.emitMany(10);
  await until(async () => (await backend.backlog(eventQueue("orders"))).waitedMs > 3_000);
  await backend.inspect(acks).pause();
  await place.startConsumer(backend);
  await until(async () => (await backend.backlog(acks)).waitedMs > 2_000);
  expect(await place.sql`select sent_count, count(*)::int from payments.holon_deliveries group by sent_count`).toEqual([
    { sent_count: 1, count: 10 },
  ]);
  await backend.inspect(acks).resume();
  await until(async () => (await place.unsettled()) === 0);
});
