import { expect, it } from "vitest";
import { useEventsPlace } from "../inbox/events.testing.ts";

const place = useEventsPlace();

it("rows of the outbox of a kind that this version does not know are left as they are and counted, and the events behind them are sent", async () => {
  // The table allows this kind, and this version does not take it.
  await place.sql`insert into payments.holon_outbox (kind, name, payload, initiator)
    select 'workflow', 'later', '{}', '{"kind": "anonymous"}' from generate_series(1, 5)`;
  const rows = () => place.sql`select * from payments.holon_outbox where kind = 'workflow' order by position`;
  const before = await rows();
  const counts: unknown[] = [];
  await place.startProducer(place.backend, { leaseCount: 2 }, undefined, { left: (...count) => counts.push(count) });
  await place.startConsumer(place.backend);
  await place.emit([{ name: "paymentNoted", payload: { n: 1 } }]);
  await expect.poll(() => place.effects()).toMatchObject([{ n: 1 }]);
  await expect.poll(() => counts).toContainEqual(["outbox", "payments", "workflow", 5]);
  expect(await rows()).toEqual(before);
});
