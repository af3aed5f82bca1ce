import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TimerEntry, Timers } from "./timers.ts";

class Noted extends TimerEntry {
  expiredAtMs: number | undefined = undefined;

  override expire(): void {
    this.expiredAtMs = performance.now();
  }
}

describe("Timers", () => {
  let timers: Timers;
  beforeEach(() => {
    vi.useFakeTimers();
    timers = new Timers(() => performance.now());
  });
  afterEach(() => {
    timers.close();
    vi.useRealTimers();
  });
  const add = (inMs: number): Noted => {
    const entry = new Noted();
    timers.add(entry, performance.now() + inMs);
    return entry;
  };

  it.each([1, 100, 9_999, 10_001, 75_000, 3_600_000])("lets an entry of %i ms expire at its moment, 8 ms late at most", (inMs) => {
    const dueMs = performance.now() + inMs;
    const entry = add(inMs);
    vi.advanceTimersByTime(inMs - 1);
    expect(entry.expiredAtMs).toBeUndefined();
    vi.advanceTimersByTime(20);
    expect(entry.expiredAtMs).toBeGreaterThanOrEqual(dueMs);
    expect(entry.expiredAtMs).toBeLessThanOrEqual(dueMs + 16);
    expect(timers.size).toBe(0);
  });

  it("does not grow if many entries are added that are due much later", () => {
    for (let count = 0; count < 10_000; count++) timers.remove(add(2 ** 40 + count * 1_000));
    expect(timers.slotCount).toBeLessThanOrEqual(1);
  });

  it("keeps an entry that is never due, until the entry is removed", () => {
    const entry = add(Number.MAX_VALUE);
    vi.advanceTimersByTime(60_000);
    expect([entry.expiredAtMs, timers.size, timers.slotCount]).toEqual([undefined, 1, 1]);
    timers.remove(entry);
    expect(timers.size).toBe(0);
  });

  it("says whether the process was frozen for a second or more since a moment, while an entry waited", () => {
    let aheadMs = 0;
    const frozen = new Timers(() => performance.now() + aheadMs);
    const fromMs = performance.now();
    frozen.add(new Noted(), fromMs + 3_600_000);
    vi.advanceTimersByTime(5_000);
    expect(frozen.wasFrozenSince(fromMs)).toBe(false);
    aheadMs = 1_500;
    vi.advanceTimersByTime(8);
    expect([0, 5_400, 5_600].map((ms) => frozen.wasFrozenSince(fromMs + ms))).toEqual([true, true, false]);
    frozen.close();
  });
});
