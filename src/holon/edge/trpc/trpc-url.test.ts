import { describe, expect, it } from "vitest";
import { hasEmptySegment, parseTrpcUrl } from "./trpc-url.ts";

const parse = (rest: string) => parseTrpcUrl(`/trpc/${rest}`, "/trpc/".length);

describe("parseTrpcUrl", () => {
  it.each([
    ["a=1&input=x", "x"],
    ["input=%7B%22a%22%3A1%7D", '{"a":1}'],
    ["input=a+b%2Bc", "a b+c"],
    ["input=first&input=second", "first"],
    ["input=", ""],
    ["input", ""],
    ["xinput=1", undefined],
    ["input=a=b", "a=b"],
    ["", undefined],
  ])("reads the input of ?%s as URLSearchParams does", (query, input) => {
    expect(parse(`p?${query}`)?.input).toBe(input);
    expect(new URLSearchParams(query).get("input") ?? undefined).toBe(input);
  });

  it("reads what else tRPC puts there", () => {
    expect(parse("a.b%2Cc?batch=1&connectionParams=%7B%7D&lastEventId=7")).toEqual({
      ...{ path: "a.b,c", batch: true, input: undefined, connectionParams: "{}", lastEventId: "7" },
    });
    expect(parse("a?batch=2")?.batch).toBe(false);
  });

  it.each(["a%zz", "a%E9", "a?input=%zz%41", "a?input=%22%E9%22", "a?connectionParams=%ED%A0%80", "a?lastEventId=%C3"])("refuses %s", (rest) => {
    expect(parse(rest)).toBeUndefined();
  });
});

describe("hasEmptySegment", () => {
  it.each([
    ["", true],
    ["a,,b", true],
    ["a..b", true],
    [".a", true],
    ["a.", true],
    ["a.b,c.d", false],
    ["../", false],
    ["\0", false],
  ])("of %j is %s", (path, empty) => {
    expect(hasEmptySegment(path)).toBe(empty);
  });
});
