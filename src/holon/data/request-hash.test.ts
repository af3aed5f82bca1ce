import { describe, expect, it } from "vitest";
import { requestHash } from "./request-hash.ts";

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
