import { describe, expect, it } from "vitest";
import { inputHash, requestHash } from "./key-claim.ts";

describe("the hash of a request", () => {
  it("is the same for any order of the members, at any depth", () => {
    expect(requestHash({ a: 1, b: { c: [{ d: 1, e: 2 }], f: null } })).toBe(requestHash({ b: { f: null, c: [{ e: 2, d: 1 }] }, a: 1 }));
  });

  it("treats a member without a value as absent", () => {
    expect(requestHash({ a: 1, b: undefined })).toBe(requestHash({ a: 1 }));
  });

  it.each([
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: null }, {}],
    [{ a: "1" }, { a: 1 }],
    [undefined, {}],
    [JSON.parse('{"__proto__":1}'), {}],
  ])("distinguishes %j from %j", (one, other) => {
    expect(requestHash(one)).not.toBe(requestHash(other));
  });
});

describe("the hash of an input", () => {
  it("is that of the given value, even if a version parses it to another one", () => {
    expect(inputHash({ a: 1, note: "new" }, { a: 1 })).toBe(inputHash({ note: "new", a: 1 }, { a: 1, note: "new", channel: "web" }));
    expect(inputHash({ a: 1, note: "new" }, { a: 1 })).not.toBe(inputHash({ a: 1, note: "other" }, { a: 1 }));
  });

  it.each([
    ["a bigint", 1n],
    [
      "a getter that throws",
      {
        get a() {
          throw new RangeError("no");
        },
      },
    ],
  ])("is that of the parsed value if JSON cannot carry the given one: %s", (_name, given) => {
    expect(inputHash(given, { a: "1" })).toBe(requestHash({ a: "1" }));
  });
});
