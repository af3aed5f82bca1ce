import { describe, expect, test } from "vitest";
import { findNotUnicode, isUnicode } from "./unicode-text.ts";

describe("a text", () => {
  test.each(["", "a", "é", "\u{1f600}", "\ufffd"])("%j is Unicode", (text) => expect(isUnicode(text)).toBe(true));
  test.each(["\ud83d", "\ude00", "\ude00\ud83d", "a\ud83db"])("%j is not Unicode", (text) => expect(isUnicode(text)).toBe(false));
});

describe("what is not Unicode in a value", () => {
  test.each([
    [null, undefined],
    [{ a: ["b", 1, null, { c: "\u{1f600}" }] }, undefined],
    ["\ud83d", []],
    [["a", "\ud83d"], [1]],
    [{ a: [{ b: "\ude00" }] }, ["a", 0, "b"]],
    [{ a: [{ "\ude00": 1 }] }, ["a", 0, "\ude00"]],
  ])("of %j is at %j", (value, path) => expect(findNotUnicode(value)).toEqual(path));

  test("is found however deep it is", () => {
    const depth = 200_000;
    const found = findNotUnicode(JSON.parse(`${"[".repeat(depth)}"\\ud83d"${"]".repeat(depth)}`));
    expect(found).toHaveLength(depth);
  });
});
