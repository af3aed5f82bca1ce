import { describe, expect, it } from "vitest";
import { isTooDense, VALUES_COUNT } from "./json-input.ts";

const list = (item: string, count: number) => `[${Array(count).fill(item).join()}]`;

describe("isTooDense", () => {
  it.each([
    ["as many numbers as allowed", list("0", VALUES_COUNT), false],
    ["one more", list("0", VALUES_COUNT + 1), true],
    ["brackets", list("[]", VALUES_COUNT / 2 + 1), true],
    ["braces", list("{}", VALUES_COUNT / 2 + 1), true],
    [
      "members of an object",
      `{${Array(VALUES_COUNT / 2 + 1)
        .fill('"a":1')
        .join()}}`,
      true,
    ],
    ["brackets inside a string", `["${"[,{".repeat(VALUES_COUNT)}"]`, false],
    ["brackets inside a string after escaped quotes", `["\\"\\\\\\"${"[,{".repeat(VALUES_COUNT)}"]`, false],
    ["brackets after a string that ends in a backslash", `["\\\\",${list("[]", VALUES_COUNT)}]`, true],
    ["a string that never ends", `"${"[".repeat(VALUES_COUNT * 2)}`, false],
  ])("of %s is %s", (_name, text, dense) => {
    expect(isTooDense(text)).toBe(dense);
  });
});
