import { describe, expect, it } from "vitest";
import { ReclaimGuard } from "./reclaim-guard.ts";

const looks = (times: readonly number[]): readonly boolean[] => {
  const guard = new ReclaimGuard({ leaseMs: 15_000, everyMs: 2_000 });
  return times.map((ms) => guard.looked(ms));
};

describe("leases that have ended", () => {
  it("are reclaimed at the first look of a process, and while looks follow each other", () => {
    expect(looks([1_000, 3_000, 8_000])).toEqual([true, true, true]);
  });

  it("are left for a whole lease after the database could not be asked", () => {
    expect(looks([1_000, 7_000, 9_000, 14_000, 19_000, 21_999, 22_000])).toEqual([true, false, false, false, false, false, true]);
  });

  it("are left longer if there is another gap meanwhile", () => {
    expect(looks([1_000, 7_000, 13_000, 18_000, 23_000, 27_999, 28_000])).toEqual([true, false, false, false, false, false, true]);
  });
});
