import { describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { useEventsPlace } from "./events.testing.ts";

const IDLE_MS = 2_000;

const place = useEventsPlace({ idleInTransactionMs: IDLE_MS });

/** Blocks the only thread, as SIGSTOP does. */
function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The ways in which an event comes to its handler. */
const WAYS: readonly (readonly [how: string, bring: () => Promise<unknown>])[] = [
  ["comes in a message", () => place.emit([{ name: "paymentNoted", payload: { n: 1 } }])],
  [
    "is held",
    () => place.sql`
      insert into orders.holon_inbox (producer, event_id, name, position, state, payload, initiator, needs_surely, retry_at)
      values ('payments', gen_random_uuid(), 'paymentNoted', 1, 'held', '{"n":1}', '{"kind":"anonymous"}', false, now())`,
  ],
];
const settled = async () => (await place.inbox()).some(({ state }) => state === "done" || state === "parked");
const start = async () => place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });

describe("an event whose transaction the server has ended, because the process was frozen in its handler", { timeout: 60_000 }, () => {
  it.each(WAYS)("has no attempt counted, if it %s", async (_how, bring) => {
    let calls = 0;
    await start();
    await place.startConsumer(place.backend, () => {
      if (++calls === 1) freeze(1.5 * IDLE_MS);
    });
    await bring();
    await until(settled);
    expect(await place.inbox()).toMatchObject([{ state: "done", attempts: 0 }]);
    expect(calls).toBe(2);
  });

  it.each(WAYS)("is parked at last, if its handler brings that about each time and it %s", async (_how, bring) => {
    let calls = 0;
    await start();
    const limits = { attemptsCount: 2 };
    await place.startConsumer(
      place.backend,
      () => {
        calls++;
        freeze(1.5 * IDLE_MS);
      },
      limits,
    );
    await bring();
    await until(settled);
    expect(await place.inbox()).toMatchObject([{ state: "parked", attempts: 2, reason: expect.stringContaining("UNAVAILABLE") }]);
    expect(calls).toBe(3);
  });
});

describe("an event whose handler was frozen until its time was over", { timeout: 60_000 }, () => {
  it.each(WAYS)("has no attempt counted, if it %s", async (_how, bring) => {
    let calls = 0;
    await start();
    const limits = { handlerMs: 0.25 * IDLE_MS };
    await place.startConsumer(
      place.backend,
      async () => {
        if (++calls > 1) return;
        freeze(0.85 * IDLE_MS);
        await new Promise(() => {});
      },
      limits,
    );
    await bring();
    await until(settled);
    expect(await place.inbox()).toMatchObject([{ state: "done", attempts: 0 }]);
    expect(calls).toBe(2);
  });
});
