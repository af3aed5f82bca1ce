import { describe, expect, it } from "vitest";
import { isUnicodeJson } from "./unicode-text.ts";

describe("isUnicodeJson", () => {
  it.each([["a text"], ["a pair, \u{1f600}"], ["U+FFFD itself, \ufffd"], [{ name: ["x", 1, null, true, { "\u{1f600}": "" }] }], [undefined], [5]])(
    "takes %j",
    (value) => {
      expect(isUnicodeJson(value)).toBe(true);
    },
  );

  it.each([
    ["a first half", "\ud800"],
    ["a second half", "\udfffx"],
    ["halves in the wrong order", "\ude00\ud83d"],
    ["a half deep inside", { list: [0, { text: "x\ud83d" }] }],
    ["a half in a name", { "\ud83d": 1 }],
  ])("refuses %s", (_name, value) => {
    expect(isUnicodeJson(value)).toBe(false);
  });

  it("looks into a value of any depth", () => {
    const depth = 1_000_000;
    expect(isUnicodeJson(JSON.parse(`${"[".repeat(depth)}"\\ud800"${"]".repeat(depth)}`))).toBe(false);
  });
});
