import { describe, expect, it } from "vitest";
import { callCycles } from "./call-cycles.ts";
import { contextShape } from "./shop-shape.testing.ts";

const cyclesOf = (calls: Record<string, string[]>) =>
  callCycles({ contexts: Object.entries(calls).map(([name, callees]) => contextShape(name, { calls: callees })) });

describe("circles of calls", () => {
  it.each<[what: string, calls: Record<string, string[]>, cycles: string[][]]>([
    ["are none in a tree", { a: ["b", "c"], b: ["c"], c: [] }, []],
    ["are found once, however they are entered", { c: ["a"], a: ["b"], b: ["c"], d: ["a"] }, [["a", "b", "c"]]],
    ["may have one member", { a: ["a"] }, [["a"]]],
    [
      "are the shortest ones",
      { a: ["b"], b: ["a", "c"], c: ["a"] },
      [
        ["a", "b"],
        ["a", "b", "c"],
      ],
    ],
    ["pass through no context that the app does not have", { a: ["far"] }, []],
  ])("%s", (_what, calls, cycles) => {
    expect(cyclesOf(calls)).toEqual(cycles);
  });
});
