import { afterAll, describe, expect, it } from "vitest";
import { until } from "../data/child.testing.ts";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { type Logger, silentLogger } from "../kernel/log.ts";
import { Timers } from "../kernel/timers.ts";
import type { PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The time that a test adds to the clock. The clock also runs by itself. */
let aheadMs = 0;
const clock: Clock = { nowMs: () => systemClock.nowMs() + aheadMs, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
const timers = new Timers(() => clock.monotonicMs());
afterAll(() => timers.close());

const warned: { readonly fields: Record<string, unknown>; readonly said: string }[] = [];
const logger = (bound: Record<string, unknown>): Logger => ({
  ...silentLogger,
  child: (fields) => logger({ ...bound, ...fields }),
  warn: (fields, said) => void warned.push({ fields: { ...bound, ...(fields as object) }, said: String(said) }),
});
const hung = () => warned.filter(({ said }) => said.includes("waits for a promise that is not a step"));

const hanging: PlaceBody = async ({ step }) => {
  await step.run("first", () => 1);
  await new Promise(() => {});
  return { left: 0 };
};
const start = (body: PlaceBody, timing = {}) =>
  place.start(body, {}, { leaseMs: 100 * HOUR_MS, ...timing }, undefined, undefined, { clock, timers, log: logger({}) });

describe("a body that waits for a promise that is not a step", () => {
  it("is named in the log after a minute and then each hour, is listed, and ends with the process", async () => {
    warned.length = 0;
    const { work } = start(hanging);
    const id = await place.run("1");
    await until(async () => (await place.steps(id))[0]?.["state"] === "done");
    expect([hung(), work.hanging]).toEqual([[], []]);
    // The body may reach its promise a moment after its step is done. The minute after which it counts as hanging begins only then.
    await until(() => {
      if (hung().length === 0) aheadMs += MINUTE_MS;
      return hung().length === 1;
    });
    expect(hung()[0]?.fields).toMatchObject({ context: "orders", workflow: "orders.place", version: 1, runId: id, step: "first" });
    expect(work.hanging).toEqual([{ id, workflow: "place@1", lastStep: "first", forMs: expect.any(Number) }]);
    aheadMs += HOUR_MS;
    await until(() => hung().length === 2);
    await work.close();
    expect(work.activeCount).toBe(0);
    expect(await place.row(id)).toMatchObject({ state: "waiting", leased_by: null, deaths: 0 });
  });

  it("frees its place when its lease is lost", async () => {
    const { work } = start(hanging, { concurrencyCount: 1, leaseMs: 3_000 });
    const id = await place.run("1");
    await until(async () => (await place.steps(id))[0]?.["state"] === "done");
    await place.sql`update orders.holon_runs set fence = fence + 1, wake_at = now() + interval '1 hour', leased_by = 'another' where id = ${id}`;
    await until(() => work.activeCount === 0);
    expect(await place.row(id)).toMatchObject({ state: "running", leased_by: "another" });
  });

  it("is not the body of a run that sleeps, or whose steps take long", async () => {
    warned.length = 0;
    const { work } = start(async ({ step }) => {
      await step.run("slow", () => new Promise(() => {}), { timeoutMs: 10 * HOUR_MS });
      return { left: 0 };
    });
    const id = await place.run("1");
    await until(async () => (await place.steps(id)).length === 1);
    aheadMs += HOUR_MS;
    await work.close().catch(() => {});
    expect([hung(), work.hanging]).toEqual([[], []]);
  });

  it("ends its run as stuck if a step is recorded that it no longer reaches", async () => {
    const first = start(async ({ step }) => {
      await Promise.all([step.run("a", () => 1), step.run("b", () => 2)]);
      await step.sleep("nap", HOUR_MS);
      return { left: 0 };
    });
    const id = await place.run("1");
    await place.is(id, "sleeping");
    await first.work.close();
    await place.sql`update orders.holon_runs set wake_at = now()`;
    const { work } = start(async ({ step }) => {
      await step.run("a", () => 1);
      await new Promise(() => {});
      return { left: 0 };
    });
    await until(() => work.activeCount === 1);
    await until(() => {
      aheadMs += MINUTE_MS;
      return work.activeCount === 0;
    });
    expect(await place.row(id)).toMatchObject({ state: "stuck", reason: expect.stringContaining("did not come to the recorded step b") });
  });
});
