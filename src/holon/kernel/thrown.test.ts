import { describe, expect, it } from "vitest";
import { isStorableJson, readSafely, storableJson, storableText } from "./thrown.ts";

describe("storableText", () => {
  it.each<[string, unknown, string]>([
    ["U+0000", "a\u0000b", "a\uFFFDb"],
    ["lone surrogates", "\uD800a\uDC00", "\uFFFDa\uFFFD"],
    ["a pair that the cut divides", "abc\u{1F600}", "abc\uFFFD"],
    ["what is no text", { toString: () => "x" }, ""],
  ])("replaces or leaves out %s", (_name, text, kept) => {
    expect(storableText(text, 4)).toBe(kept);
  });
});

describe("isStorableJson", () => {
  it.each<[boolean, unknown]>([
    [false, "a\u0000"],
    [false, ["\\\u0000"]],
    [false, { "\ud83d": 1 }],
    [false, { n: [{ text: "\\u0000 \udfff" }] }],
    [true, "\\u0000"],
    [true, ["\\\\ud83d", "\u0001 \\"]],
    [true, { "\ud83d\ude00": "\ud7ff\ue000" }],
  ])("is %s for %j", (isStorable, value) => {
    expect(isStorableJson(JSON.stringify(value))).toBe(isStorable);
  });
});

describe("storableJson", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;

  it("cleans texts and names at any depth", () => {
    expect(storableJson({ "a\u0000": [{ text: "\uD800" }], n: 1, no: null }, 1_000)).toEqual({ "a\uFFFD": [{ text: "\uFFFD" }], n: 1, no: null });
  });

  it.each<[string, unknown]>([
    ["refers to itself", cyclic],
    ["holds a bigint", { n: 1n }],
    ["has a getter that throws", Object.defineProperty({}, "bad", { enumerable: true, get: () => cyclic["x"] ?? throwing() })],
    ["is too long", "x".repeat(1_000)],
  ])("is undefined for a value that %s", (_name, value) => {
    expect(storableJson(value, 100)).toBeUndefined();
  });
});

describe("readSafely", () => {
  it("returns the fallback if the read throws", () => {
    expect(readSafely(throwing, "fallback")).toBe("fallback");
  });
});

function throwing(): never {
  throw new TypeError("not readable");
}
