import { describe, expect, test } from "vitest";
import { textHash } from "./text-hash.ts";

describe("the hash of a text", () => {
  test("is the same each time and in each process", () => {
    expect(textHash("holon")).toBe("2269090b746b05fd");
    expect(textHash("")).toMatch(/^[0-9a-f]{16}$/);
  });

  test("differs for texts that differ a little", () => {
    const texts = Array.from({ length: 100_000 }, (_, index) => `{"type":"object","n":${index}}`);
    expect(new Set(texts.map(textHash)).size).toBe(texts.length);
    expect(new Set(texts.map((text) => textHash(text).slice(0, 8))).size).toBeGreaterThan(texts.length * 0.999);
    expect(new Set(texts.map((text) => textHash(text).slice(8))).size).toBeGreaterThan(texts.length * 0.999);
  });
});
