import { describe, expect, it } from "vitest";
import { inputHash, requestHash } from "./key-claim.ts";

describe("the hash of a request", () => {
  it("is the same whatever the order of names, at any depth", () => {
    expect(requestHash({ a: 1, b: { c: [{ d: 1, e: 2 }], f: null } })).toBe(requestHash({ b: { f: null, c: [{ e: 2, d: 1 }] }, a: 1 }));
  });

  it("takes a name without value for absent", () => {
    expect(requestHash({ a: 1, b: undefined })).toBe(requestHash({ a: 1 }));
  });

  it.each([
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: null }, {}],
    [{ a: "1" }, { a: 1 }],
    [undefined, {}],
    [JSON.parse('{"__proto__":1}'), {}],
  ])("tells %j from %j", (one, other) => {
    expect(requestHash(one)).not.toBe(requestHash(other));
  });
});

describe("the hash of an input", () => {
  it("is that of what was given, whatever a version parses it to", () => {
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
  ])("is that of what was parsed where JSON cannot carry what was given: %s", (_name, given) => {
    expect(inputHash(given, { a: "1" })).toBe(requestHash({ a: "1" }));
  });
});
