import { beforeEach, describe, expect, test } from "vitest";
import { GREATEST_COUNT, REMEMBERED_MS, VerifiedTokens } from "./verified-tokens.ts";

const USER = { kind: "user", id: "ada", roles: [] } as const;

describe("a token that was verified", () => {
  let nowMs: number;
  let tokens: VerifiedTokens;
  beforeEach(() => {
    nowMs = 0;
    tokens = new VerifiedTokens(() => nowMs);
  });

  test("is known for a minute", () => {
    tokens.remember("a", USER, 10 * REMEMBERED_MS);
    nowMs = REMEMBERED_MS - 1;
    expect(tokens.recall("a")).toBe(USER);
    nowMs = REMEMBERED_MS;
    expect(tokens.recall("a")).toBe(undefined);
  });

  test("is not known past its own end", () => {
    tokens.remember("a", USER, 1_000);
    nowMs = 1_000;
    expect(tokens.recall("a")).toBe(undefined);
  });

  test("is not known in place of another", () => {
    tokens.remember("a", USER, 1_000);
    expect(tokens.recall("b")).toBe(undefined);
  });

  test("is forgotten when too many others came after it", () => {
    for (let index = 0; index <= GREATEST_COUNT; index++) tokens.remember(String(index), USER, 1_000);
    expect([tokens.recall("0"), tokens.recall("1")]).toEqual([undefined, USER]);
  });
});
