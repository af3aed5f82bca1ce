import { describe, expect, it } from "vitest";
import { allows } from "./engines.ts";

describe("the range of Node versions that a package accepts", () => {
  it.each([
    [">=18", true],
    [">= 0.10", true],
    [">=20.19.1", true],
    [">=22", false],
    [">20", false],
    [">20.1", true],
    [">20.19", false],
    ["<=20", true],
    ["<20", false],
    ["^20.10", true],
    ["^22", false],
    ["~20", true],
    ["~20.1", false],
    ["~20.19.0", true],
    ["20.1", false],
    ["20", true],
    ["20.x", true],
    ["*", true],
    ["18 || 20 || >=22", true],
    ["20 || >=22", true],
    [">=16 || 14 >=14.17", true],
    [">=18 <20", false],
  ])("%s includes 20.19: %s", (range, isAllowed) => {
    expect(allows(range, 20, 19)).toBe(isAllowed);
  });
});
