import { describe, expect, it } from "vitest";
import { growthOf, type Sample } from "./growth.ts";

const MIB = 1024 * 1024;

function grow(name: string, values: readonly number[]) {
  return growthOf(values.map((value) => ({ [name]: value })))[0];
}

describe("growth", () => {
  it("compares the greatest values of the second and the last quarter", () => {
    expect(
      grow(
        "table a.b",
        [1, 90, 10, 20, 10, 30, 25, 21].map((value) => value * MIB),
      ),
    ).toMatchObject({
      values: [1, 90, 10, 20, 10, 30, 25, 21].map((value) => value * MIB),
      quarters: [90 * MIB, 20 * MIB, 30 * MIB, 25 * MIB],
      ratio: 1.25,
      isGrowing: true,
    });
  });

  it("does not count an increase of a tenth, nor small figures, however often they double", () => {
    expect(
      grow(
        "table a.b",
        [0, 0, 100, 100, 0, 0, 109, 109].map((value) => value * MIB),
      )?.isGrowing,
    ).toBe(false);
    expect(grow("table a.b", [0, 0, 8_192, 8_192, 0, 0, 65_536, 65_536])?.isGrowing).toBe(false);
    expect(grow("handles process", [0, 0, 20, 20, 0, 0, 40, 40])?.isGrowing).toBe(true);
  });

  it("counts a figure that comes late as growth from nothing", () => {
    const samples: Sample[] = Array.from({ length: 8 }, (_, at): Sample => (at < 6 ? {} : { "table a.late": 50 * MIB }));
    expect(growthOf(samples)).toMatchObject([{ name: "table a.late", isGrowing: true }]);
  });
});
