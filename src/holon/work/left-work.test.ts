import { describe, expect, it } from "vitest";
import { type Logger, silentLogger } from "../kernel/log.ts";
import { LeftWork } from "./left-work.ts";

/** A {@link LeftWork} with a clock that the test sets, and with its warnings and counts. */
function leftWork() {
  const warnings: object[] = [];
  const counts: [name: string, count: number][] = [];
  const now = { ms: 0 };
  const log = { ...silentLogger, warn: (fields: object) => warnings.push(fields) } as unknown as Logger;
  const clock = { nowMs: () => now.ms, monotonicMs: () => now.ms };
  const left = new LeftWork({ context: "orders", clock, log, count: (_kind, _context, name, count) => counts.push([name, count]) });
  return { left, warnings, counts, now };
}

describe("work that is left to other versions", () => {
  it("is logged by name at once, then once a minute with its count", () => {
    const { left, warnings, counts, now } = leftWork();
    left.note("event", "payments.taken", 3);
    left.note("event", "payments.taken");
    left.note("job", "payments.taken");
    now.ms = 59_999;
    left.note("event", "payments.taken");
    now.ms = 60_000;
    left.note("event", "payments.taken");
    expect(warnings).toEqual([
      { event: "payments.taken", count: 3 },
      { job: "payments.taken", count: 1 },
      { event: "payments.taken", count: 3 },
    ]);
    expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBe(7);
  });

  it("is counted under a hundred names of each kind, cut to 200 characters", () => {
    const { left, counts } = leftWork();
    for (let n = 0; n < 1_000; n++) left.note("message", `queue ${n}`);
    left.note("event", "x".repeat(1_000_000));
    const names = new Set(counts.map(([name]) => name));
    expect([...names].filter((name) => name.startsWith("queue"))).toHaveLength(100);
    expect(counts.filter(([name]) => name === "other")).toHaveLength(900);
    expect(counts.at(-1)?.[0]).toHaveLength(200);
  });
});
