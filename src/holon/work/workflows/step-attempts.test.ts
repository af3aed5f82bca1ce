import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { signal } from "../../data/child.testing.ts";
import { ANONYMOUS, silentLogger, systemClock, TimerWheel } from "../../kernel/index.ts";
import type { RunClaim } from "./run-claim.ts";
import { StepAttempts } from "./step-attempts.ts";

const claim: RunClaim = {
  ...{ id: "1", workflow: "place", version: 1, key: "k", input: {}, isUndoing: false, fence: "1", deaths: 0 },
  ...{ traceparent: undefined, initiator: ANONYMOUS, error: undefined },
};

it("an attempt of a step does not begin if its run is taken from this process while a second thread is told of it", async () => {
  const told = signal();
  const wheel = new TimerWheel(systemClock.monotonicMs);
  const whileBlocked = () => ({ told: told.promise, release() {} });
  const attempts = new StepAttempts({ context: "orders", clock: systemClock, wheel, log: silentLogger, whileBlocked }, claim);
  let calls = 0;
  const attempt = attempts.run("pay", undefined, async () => calls++);
  attempts.abort();
  told.resolve();
  await expect(attempt).rejects.toMatchObject({ code: "CANCELLED" });
  await turn();
  await expect(attempts.run("ship", undefined, async () => calls++)).rejects.toMatchObject({ code: "CANCELLED" });
  await turn();
  expect(calls).toBe(0);
  wheel.close();
});
