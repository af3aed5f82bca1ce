import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { silentLogger, systemClock } from "../../kernel/index.ts";
import { createQueueBackend, type QueueBackend } from "../queue/index.ts";
import { type EventsPlace, openEventsPlace } from "./events.testing.ts";

const IDLE_MS = 1_000;

let place: EventsPlace;
let backend: QueueBackend;
beforeAll(async () => {
  place = await openEventsPlace({ idleInTransactionMs: IDLE_MS });
  backend = await createQueueBackend({ kind: "postgres", url: place.url }, { log: silentLogger, clock: systemClock, prefix: "test" });
});
afterEach(() => place.reset());
afterAll(async () => {
  await backend?.close();
  await place?.end();
});

const noted = (count: number) => Array.from({ length: count }, (_, n) => ({ name: "paymentNoted", payload: { n } }));
const allSettled = () => until(async () => (await place.unsettled()) === 0);

describe("a handler that waits for longer than the server lets a transaction stay open without a statement", { timeout: 60_000 }, () => {
  it("is called once, when its event comes", async () => {
    let calls = 0;
    await place.startProducer(backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(backend, async () => {
      calls++;
      await sleep(3 * IDLE_MS);
    });
    await place.emit(noted(1));
    await allSettled();
    expect(calls).toBe(1);
    expect(await place.inbox()).toMatchObject([{ state: "done" }]);
  });

  it("is called once more, when its event was held after a failure", async () => {
    let calls = 0;
    await place.startProducer(backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(backend, async () => {
      calls++;
      if (calls === 1) throw new TypeError("not yet");
      await sleep(3 * IDLE_MS);
    });
    await place.emit(noted(1));
    await until(async () => (await place.effects()).length === 1);
    await until(async () => (await place.inbox()).every(({ state }) => state === "done"));
    expect(calls).toBe(2);
  });
});
