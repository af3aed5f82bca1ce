import { setImmediate as turn } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { ANONYMOUS, silentLogger, systemClock, TimerWheel } from "../../kernel/index.ts";
import type { RunClaim } from "./run-claim.ts";
import { StepAttempts } from "./step-attempts.ts";

const claim: RunClaim = {
  ...{ id: "1", workflow: "place", version: 1, key: "k", input: {}, isUndoing: false, fence: "1", deaths: 0 },
  ...{ traceparent: undefined, initiator: ANONYMOUS, error: undefined },
};
const random = () => 0;
const wheel = new TimerWheel(systemClock.monotonicMs);
afterAll(() => wheel.close());

it("an attempt of a step is known to a second thread before it begins, and before another of the same moment does, until it is over", async () => {
  const events: string[] = [];
  const whileBlocked = (name: string, timeoutMs: number) => {
    events.push(`told of ${name} for ${timeoutMs} ms`);
    return () => events.push(`told of the end of ${name}`);
  };
  const attempts = new StepAttempts({ context: "orders", clock: systemClock, wheel, log: silentLogger, random, whileBlocked }, claim);
  const first = attempts.run("pay", 500, async () => events.push("pay begins"));
  const second = attempts.run("ship", 700, async () => events.push("ship begins"));
  await Promise.all([first, second]);
  expect(events).toEqual([
    "told of orders.place pay for 500 ms",
    "told of orders.place ship for 700 ms",
    "pay begins",
    "ship begins",
    "told of the end of orders.place pay",
    "told of the end of orders.place ship",
  ]);
});

it("an attempt of a step does not begin if its run is taken from this process at the same moment, nor after that", async () => {
  const attempts = new StepAttempts({ context: "orders", clock: systemClock, wheel, log: silentLogger, random, whileBlocked: () => () => {} }, claim);
  let calls = 0;
  const attempt = attempts.run("pay", undefined, async () => calls++);
  attempts.abort();
  await expect(attempt).rejects.toMatchObject({ code: "CANCELLED" });
  await expect(attempts.run("ship", undefined, async () => calls++)).rejects.toMatchObject({ code: "CANCELLED" });
  await turn();
  expect(calls).toBe(0);
});
