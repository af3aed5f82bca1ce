import { describe, expect, it } from "vitest";
import { editDistance, nearestName } from "./configuration-error.ts";

describe("the distance of two names", () => {
  it.each([
    ["", "", 0],
    ["abc", "abc", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["orders", "order", 1],
    ["catalog", "cataolg", 1],
    ["PORT", "HOST", 2],
  ])("of %j and %j is %i", (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });
});

describe("the nearest name", () => {
  it("is the one with the fewest differences", () => {
    expect(nearestName("HOLON_MEHS_PORT", ["HOLON_OPS_PORT", "HOLON_MESH_PORT", "PORT"])).toBe("HOLON_MESH_PORT");
  });

  it("is undefined if no name is near", () => {
    expect(nearestName("cart", ["catalog", "users"])).toBeUndefined();
  });
});
