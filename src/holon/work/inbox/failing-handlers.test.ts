import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, event } from "../../contract/index.ts";
import { systemClock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { silentLogger } from "../../kernel/log.ts";
import { THROWN_VALUES } from "../../observe/thrown-values.testing.ts";
import { createQueueBackend, type QueuePlace } from "../queue/bull-backend.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { hasRedis, startTestRedis } from "../queue/redis-server.testing.ts";
import { eventQueue } from "./event-message.ts";
import { type EventsPlace, openEventsPlace, QUICK } from "./events.testing.ts";

let place: EventsPlace;

beforeAll(async () => {
  place = await openEventsPlace();
});
afterAll(() => place?.end());

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

/** What events do on each backend. */
function behaves(openPlace: () => Promise<{ readonly place: QueuePlace; end(): Promise<unknown> }>): void {
  let opened: Awaited<ReturnType<typeof openPlace>>;
  let backend: QueueBackend;
  beforeAll(async () => {
    opened = await openPlace();
    backend = await createQueueBackend(opened.place, { log: silentLogger, clock: systemClock, prefix: "test" });
    await until(async () => backend.reachable);
  });
  afterEach(async () => {
    await place.reset();
    // Messages that were sent again would be handled in the next test.
    await backend.inspect(eventQueue("orders")).drain(true);
  });
  afterAll(async () => {
    await backend?.close();
    await opened?.end();
  });

  it.each(THROWN_VALUES)("are parked if their handler throws %s each time, and do not delay others", async (_thrown, thrown) => {
    await place.startProducer(backend, { batchCount: 10 });
    await place.startConsumer(backend, ({ event }) => {
      if ((event.payload as { readonly n: number }).n === 0) throw thrown;
    });
    await place.emit(Array.from({ length: 5 }, (_, n) => ({ name: "paymentNoted", payload: { n } })));
    await until(async () => (await place.inbox()).some(({ state }) => state === "parked"));
    await until(async () => (await place.unsettled()) === 0);
    expect((await place.inbox()).filter(({ state }) => state === "parked")).toMatchObject([{ attempts: QUICK.attemptsCount }]);
    expect((await place.effects()).map(({ n }) => n).sort((one, other) => one - other)).toEqual([1, 2, 3, 4]);
  });

  it("are parked if their payload does not fit, also if the reason would be cut within a character", async () => {
    const strict = contract("payments", { procedures: {}, events: { paymentNoted: event(z.object({ n: z.int() }).catchall(z.int())) } });
    await place.startProducer(backend);
    await place.startConsumer(backend, undefined, {}, strict);
    const face = (n: number) => String.fromCodePoint(0x1f600 + n).repeat(90);
    // The reason is cut at an even place. Each face has two places, and in one of the two events the faces start at odd places, so that one of them is cut in
    // two.
    const misfit = (shift: string) => Object.fromEntries(Array.from({ length: 12 }, (_, n) => [shift + face(n), "not a number"]));
    await place.emit(["", "a"].map((shift) => ({ name: "paymentNoted", payload: { n: 1, ...misfit(shift) } })));
    await until(async () => (await place.inbox()).filter(({ state }) => state === "parked").length === 2);
    expect((await place.inbox()).map(({ reason }) => reason?.slice(0, 38))).toEqual(Array(2).fill("The payload does not fit the contract."));
  });

  it.each([
    ["a TypeError", new TypeError("not at all")],
    ["UNAVAILABLE", catalogueError("UNAVAILABLE", "The price list is away.")],
  ])("are parked if a check of their payload throws %s each time, and do not delay others", async (_thrown, thrown) => {
    const check = (n: number): boolean => {
      if (n === 0) throw thrown;
      return true;
    };
    const checked = contract("payments", { procedures: {}, events: { paymentNoted: event(z.object({ n: z.int().refine(check) })) } });
    await place.startProducer(backend, { batchCount: 10 });
    await place.startConsumer(backend, undefined, {}, checked);
    await place.emit(Array.from({ length: 5 }, (_, n) => ({ name: "paymentNoted", payload: { n } })));
    await until(async () => (await place.inbox()).some(({ state }) => state === "parked"));
    await until(async () => (await place.unsettled()) === 0);
    expect((await place.inbox()).filter(({ state }) => state === "parked")).toMatchObject([{ attempts: QUICK.attemptsCount }]);
    expect((await place.effects()).map(({ n }) => n).sort((one, other) => one - other)).toEqual([1, 2, 3, 4]);
  });
}

describe("events over queues on Postgres", () => {
  behaves(async () => ({ place: { kind: "postgres", url: place.url }, end: async () => {} }));
});

describe.skipIf(!hasRedis)("events over queues on Redis (left out where no redis-server is installed)", () => {
  behaves(async () => {
    const redis = await startTestRedis();
    return { place: { kind: "redis", url: redis.url }, end: () => redis.stop() };
  });
});
