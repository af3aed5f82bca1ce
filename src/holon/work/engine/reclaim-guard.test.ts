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

  it("are left alone for a whole lease after the database could not be asked", () => {
    expect(looks([1_000, 7_000, 9_000, 14_000, 19_000, 21_999, 22_000])).toEqual([true, false, false, false, false, false, true]);
  });

  it("are left alone for longer if there is another gap meanwhile", () => {
    expect(looks([1_000, 7_000, 13_000, 18_000, 23_000, 27_999, 28_000])).toEqual([true, false, false, false, false, false, true]);
  });

  it("are left alone for four leases at most if each look comes late, since this process computes in long pieces", () => {
    const every6s = Array.from({ length: 21 }, (_, n) => n * 6_000);
    expect(looks(every6s)).toEqual(every6s.map((ms) => ms === 0 || ms >= 66_000));
  });

  it("are left alone for a whole lease after a freeze, also in a process whose looks always come late", () => {
    const every6s = Array.from({ length: 21 }, (_, n) => n * 6_000);
    const frozen = [3_720_000, 3_725_000, 3_730_000, 3_734_999, 3_735_000];
    expect(looks([...every6s, ...frozen]).slice(-6)).toEqual([true, false, false, false, false, true]);
  });

  it("are left alone for a whole lease after the database was away a second time, however soon", () => {
    expect(looks([1_000, 71_000, 73_000, 77_000, 81_000, 150_000, 155_000, 160_000, 164_999, 165_000]).slice(-5)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it("are left alone for a whole lease after a silence that is shorter than one before, also in a process whose looks always come late", () => {
    const late = (fromMs: number) => Array.from({ length: 21 }, (_, n) => fromMs + n * 6_000);
    expect(looks([...late(0), ...late(720_000), 1_140_000]).slice(-2)).toEqual([true, false]);
  });

  it("are left alone for a whole lease after the first late look that follows a lease of looks in time", () => {
    const late = Array.from({ length: 14 }, (_, n) => n * 6_000);
    const inTime = [83_000, 88_000, 93_000];
    expect(looks([...late, ...inTime, 99_000, 104_000]).slice(-6)).toEqual([true, true, true, true, false, false]);
  });

  it("may be reclaimed for a time after a look in which another look would allow it too, also in a process whose looks always come late", () => {
    const guard = new ReclaimGuard({ leaseMs: 15_000, everyMs: 2_000 });
    guard.looked(0);
    expect(guard.goodForMs).toBe(5_000);
    for (let ms = 6_000; ms <= 72_000; ms += 6_000) guard.looked(ms);
    expect(guard.goodForMs).toBe(11_000);
    for (const ms of [76_000, 81_000, 86_000, 91_000]) guard.looked(ms);
    expect(guard.goodForMs).toBe(5_000);
  });

  it.each([10_999, 11_000, 11_001])(
    "are judged by the next look as this time promised: %i ms after a look of a process whose looks come late by 6 s",
    (ms) => {
      const guard = new ReclaimGuard({ leaseMs: 15_000, everyMs: 2_000 });
      for (let at = 0; at <= 72_000; at += 6_000) guard.looked(at);
      const goodForMs = guard.goodForMs;
      expect(guard.looked(72_000 + ms)).toBe(ms <= goodForMs);
    },
  );
});
