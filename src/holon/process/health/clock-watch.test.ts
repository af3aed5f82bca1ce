import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ContextData, createContextData } from "../../data/context-data.ts";
import { testLimits, useTestDatabase } from "../../data/database.testing.ts";
import { migrate } from "../../data/migrate/migrate.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { createMetrics } from "../../observe/metrics.ts";
import { ClockWatch } from "./clock-watch.ts";
import { processGauges } from "./gauges.ts";

const HOUR_MS = 3_600_000;
const place = useTestDatabase();
let store: ContextData;

beforeAll(async () => {
  const { url } = place.database;
  const { role } = await migrate({ url, context: "orders" });
  store = createContextData({ context: "orders", url, role, tables: {}, limits: testLimits(), clock: systemClock, log: silentLogger });
});
afterAll(() => store?.close());

/** A clock that is wrong by a given time, in a process that has run for a given time. */
class WrongClock implements Clock {
  aheadMs = 0;
  ranMs = 0;
  nowMs = (): number => Date.now() + this.aheadMs;
  monotonicMs = (): number => systemClock.monotonicMs() + this.ranMs;
}

function watchOf(clock: Clock) {
  const said: unknown[] = [];
  const warn: Logger["warn"] = (_fields: object | string, text?: string) => void said.push(text);
  // The time of the timers stands still, so that only the test compares the clocks.
  const timers = new Timers(() => 0);
  const watch = new ClockWatch({ stores: new Map([["orders", store]]), clock, timers, log: { ...silentLogger, warn } });
  const close = async () => {
    await watch.close();
    timers.close();
  };
  return { watch, said, close };
}

describe("a clock that differs from that of the database", () => {
  it("is said once an hour while it does, and shown in a gauge", async () => {
    const clock = new WrongClock();
    const { watch, said, close } = watchOf(clock);
    // Wait for the comparison that the watch makes at its start: if it ended later, it would undo what the test's comparisons reported.
    await expect.poll(() => watch.skewsMs.has("orders")).toBe(true);
    expect(said).toEqual([]);
    clock.aheadMs = 2 * HOUR_MS;
    for (let look = 0; look < 3; look++) await watch.look("orders", store);
    clock.ranMs = HOUR_MS;
    await watch.look("orders", store);
    expect(said).toEqual([expect.stringContaining("7200 s ahead of the clock of its database"), expect.stringContaining("7200 s ahead")]);
    clock.aheadMs = -HOUR_MS;
    clock.ranMs = 2 * HOUR_MS;
    await watch.look("orders", store);
    expect(said.at(-1)).toContain("3600 s behind the clock of its database");
    const parts = { database: { url: undefined, stores: new Map() }, hosted: [], mesh: undefined, peers: new Map(), parts: () => [] };
    const gauges = processGauges({ ...parts, skewsMs: watch.skewsMs });
    const text = await createMetrics({ gauges }).text();
    expect(text).toMatch(/holon_clock_skew_seconds\{context="orders"\} -3(600|599\.9)/);
    await close();
  });
});
