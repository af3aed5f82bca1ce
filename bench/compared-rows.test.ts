import { describe, expect, it } from "vitest";
import { compareRows, renderComparison } from "./compared-rows.ts";
import type { Row } from "./report.ts";

function round(metric: string, value: number): Row[] {
  return [{ bench: "jobs", contender: "holon-redis", concurrency: 50, metric, value, raw: [value] }];
}

function compared(metric: string, base: readonly number[], now: readonly number[], again: readonly number[] = []) {
  const rounds = (values: readonly number[]) => values.map((value) => round(metric, value));
  return compareRows({ base: rounds(base), now: rounds(now), again: rounds(again) });
}

describe("the comparison of two states", () => {
  it("takes the ratio within each round, so that a slow round slows both", () => {
    const [row] = compared("jobsPerSecond", [1_000, 500, 1_000, 1_000], [1_010, 505, 1_010, 1_010]);
    expect(row).toMatchObject({ base: 1_000, ratio: 1.01, ratios: [1.01, 1.01, 1.01, 1.01], isWorse: false });
  });

  it("finds a loss of a rate and of a time, and reports no gain of either as a loss", () => {
    const isWorse = (metric: string, ratio: number) => compared(metric, [100, 100, 100], [100 * ratio, 100 * ratio, 100 * ratio])[0]?.isWorse;
    expect([isWorse("jobsPerSecond", 0.9), isWorse("jobsPerSecond", 1.1), isWorse("us", 1.1), isWorse("us", 0.9)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("counts as noise what is small, what half of the rounds do not show, and what differs as much between two runs of the base", () => {
    expect(compared("us", [1, 1, 1, 1], [1.02, 1.02, 1.02, 1.02])[0]?.isWorse).toBe(false);
    expect(compared("us", [1, 1, 1, 1], [1.2, 0.9, 1.2, 0.9])[0]?.isWorse).toBe(false);
    expect(compared("us", [1, 1, 1, 1], [1.1, 1.1, 1.1, 1.1], [0.88, 1.12, 1.15, 0.9])[0]?.isWorse).toBe(false);
    expect(compared("us", [1, 1, 1, 1], [1.1, 1.1, 1.1, 1.1], [1.01, 0.99, 1, 1])[0]?.isWorse).toBe(true);
  });

  it("leaves out a figure that one of the states does not have", () => {
    expect(compareRows({ base: [[]], again: [], now: [round("us", 1)] })).toEqual([]);
  });

  it("names at its end what is worse", () => {
    const facts = { base: "abc", rounds: 2, machine: "a machine", load: "0.1" };
    expect(renderComparison(compared("us", [1, 1], [1.5, 1.5]), facts)).toContain("Worse by more than noise: jobs holon-redis us at 50.");
    expect(renderComparison(compared("us", [1, 1], [1, 1]), facts)).toContain("Nothing is worse by more than noise.");
  });
});
