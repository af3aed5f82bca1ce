import { expect, it } from "vitest";
import { asTheyCame, readEventBatch } from "./event-message.ts";

it("events of a message keep the members that this version does not know when they are put back", () => {
  const event = (position: number) => ({
    ...{ id: `00000000-0000-4000-8000-00000000000${position}`, position, name: "paymentNoted", key: null, keyNumber: null, needs: null },
    ...{ needsSurely: false, payload: {}, traceparent: null, initiator: { kind: "anonymous" }, ofTomorrow: position },
  });
  const data = { producer: "payments", events: [event(1), null, { kind: "of tomorrow" }, event(2), event(3)] };
  const read = readEventBatch(data);
  expect(read?.message.events).toHaveLength(3);
  expect(asTheyCame(data, read?.message.events.slice(1) ?? [])).toEqual([event(2), event(3)]);
});
