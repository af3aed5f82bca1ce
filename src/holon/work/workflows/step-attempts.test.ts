import { setImmediate as turn } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { markOrigin } from "../../kernel/origin.ts";
import { ANONYMOUS } from "../../kernel/principal.ts";
import { Timers } from "../../kernel/timers.ts";
import { Leases } from "../engine/leases.ts";
import type { RunClaim } from "./run-claim.ts";
import { StepAttempts } from "./step-attempts.ts";

const claim: RunClaim = {
  ...{ id: "1", workflow: "place", version: 1, key: "k", input: {}, isUndoing: false, fence: "1", deaths: 0 },
  ...{ traceparent: undefined, initiator: ANONYMOUS, error: undefined },
};
const random = () => 0;
const timers = new Timers(systemClock.monotonicMs);
afterAll(() => timers.close());

it("an attempt of a step is known to a second thread before it begins, and before another of the same moment does, until it is over", async () => {
  const events: string[] = [];
  const whileBlocked = (name: string, timeoutMs: number) => {
    events.push(`told of ${name} for ${timeoutMs} ms`);
    return {
      begins: () => events.push(`told that ${name} begins`),
      rests: () => {},
      ends: () => events.push(`told of the end of ${name}`),
    };
  };
  const attempts = new StepAttempts({ context: "orders", clock: systemClock, timers, log: silentLogger, random, whileBlocked }, claim);
  const first = attempts.run("pay", 500, async () => events.push("pay begins"));
  const second = attempts.run("ship", 700, async () => events.push("ship begins"));
  await Promise.all([first, second]);
  expect(events).toEqual([
    "told of orders.place pay for 500 ms",
    "told of orders.place ship for 700 ms",
    "told that orders.place pay begins",
    "pay begins",
    "told that orders.place ship begins",
    "ship begins",
    "told of the end of orders.place pay",
    "told of the end of orders.place ship",
  ]);
});

it("an attempt of a step does not begin if its run is taken from this process at the same moment, nor after that", async () => {
  const attempts = new StepAttempts({ context: "orders", clock: systemClock, timers, log: silentLogger, random }, claim);
  let calls = 0;
  const attempt = attempts.run("pay", undefined, async () => calls++);
  attempts.abort();
  await expect(attempt).rejects.toMatchObject({ code: "CANCELLED" });
  await expect(attempts.run("ship", undefined, async () => calls++)).rejects.toMatchObject({ code: "CANCELLED" });
  await turn();
  expect(calls).toBe(0);
});

it("a statement of a run that fails again and again is logged at once, and then once a minute, with the run and the step", async () => {
  let [aheadMs, tries] = [0, 0];
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const moved = new Timers(clock.monotonicMs);
  const said: unknown[] = [];
  const logger = (bound: object): Logger => ({
    ...silentLogger,
    child: (fields) => logger({ ...bound, ...fields }),
    warn: (fields) => void said.push([tries, { ...bound, ...(fields as object) }]),
  });
  const attempts = new StepAttempts({ context: "orders", clock, timers: moved, log: logger({}), random }, claim);
  const write = async (): Promise<string> => {
    if (++tries === 6) return "written";
    aheadMs += 25_000;
    throw markOrigin(catalogueError("UNAVAILABLE", "The database is away."), { layer: "database", isPassing: true });
  };
  expect(await attempts.statement(write, { step: "pay", task: "write its result" })).toBe("written");
  const line = { workflow: "orders.place", runId: "1", step: "pay", task: "write its result", err: { code: "UNAVAILABLE" } };
  expect(said).toMatchObject([
    [1, line],
    [4, line],
  ]);
  moved.close();
});

it("a statement of a run that fails for good is not logged as one that is tried again", async () => {
  let warnings = 0;
  const log: Logger = { ...silentLogger, child: () => log, warn: () => void warnings++ };
  const attempts = new StepAttempts({ context: "orders", clock: systemClock, timers, log, random }, claim);
  const refused = catalogueError("INTERNAL", "The database refused it.");
  await expect(attempts.statement(() => Promise.reject(refused), { step: "pay", task: "write its result" })).rejects.toBe(refused);
  expect(warnings).toBe(0);
});

describe("an attempt of a step that waits while another one blocks this thread", () => {
  let nowMs = 0;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const fakeTimers = new Timers(clock.monotonicMs);
  const parts = { context: "orders", clock, timers: fakeTimers, log: silentLogger, random };
  const leases = new Leases<RunClaim>({
    ...{ ...parts, task: "leases", leaseMs: 15_000 },
    renew: async () => ({ renewed: new Set(), lost: new Set() }),
  });
  afterAll(async () => {
    await leases.close();
    fakeTimers.close();
  });

  /** Attempts of the steps of two runs, whose leases are held from now on. */
  const twoRuns = (): readonly StepAttempts[] =>
    ["1", "2"].map((id) => {
      const attempts: StepAttempts = new StepAttempts({ ...parts, lease: () => lease }, { ...claim, id });
      const lease = leases.hold({ ...claim, id }, nowMs, () => attempts.abort());
      return attempts;
    });

  it("does not begin if the lease of its run is over then", async () => {
    const [first, second] = twoRuns();
    const begun: string[] = [];
    const blocking = first?.run("pay", undefined, async () => {
      begun.push("pay");
      nowMs += 15_000;
    });
    await expect(second?.run("ship", undefined, async () => begun.push("ship"))).rejects.toMatchObject({ code: "CANCELLED" });
    await blocking;
    expect(begun).toEqual(["pay"]);
  });

  it("has its whole timeout", async () => {
    const [first, second] = twoRuns();
    const startedMs = nowMs;
    const blocking = first?.run("pay", 500, async () => {
      nowMs += 400;
    });
    expect(await second?.run("ship", 500, async ({ deadlineAtMs }) => deadlineAtMs - startedMs)).toBe(900);
    await blocking;
  });
});
