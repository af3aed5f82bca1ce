import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { findUnsafeJson } from "./json-input.ts";

const find = (text: string) => findUnsafeJson(JSON.parse(text), DEFAULT_LIMITS);

describe("findUnsafeJson", () => {
  it.each([
    ["a NUL deep inside", '{"a":[1,{"b":"x\\u0000"}]}', "a.1.b", "forbidden_character"],
    ["a prototype key", '[{"x":{"__proto__":1}}]', "0.x.__proto__", "forbidden_key"],
    ["a constructor's prototype", '{"constructor":{"prototype":1}}', "constructor", "forbidden_key"],
    ["a long array", `{"list":[${Array(10_001).fill(1).join()}]}`, "list", "too_big"],
    ["a long key", `{"${"k".repeat(256 * 1024 + 1)}":1}`, "k".repeat(60), "too_big"],
    ["deep nesting", `{"a":${"[".repeat(64)}${"]".repeat(64)}}`, ["a", ...Array(63).fill("0")].join(".").slice(0, 200), "too_deep"],
  ])("names %s", (_name, text, path, code) => {
    expect(find(text)).toMatchObject({ path, code });
  });

  it("lets ordinary values pass, and those whose names only look dangerous", () => {
    expect(find('{"constructor":"x","prototype":{},"a":null,"b":[[],{}],"c":"ü","d":-0.5,"":true}')).toBeUndefined();
  });

  it("counts bytes, not characters", () => {
    expect(find(`"${"ä".repeat(128 * 1024)}"`)).toBeUndefined();
    expect(find(`"${"ä".repeat(128 * 1024)}x"`)).toMatchObject({ path: "", code: "too_big" });
  });
});
