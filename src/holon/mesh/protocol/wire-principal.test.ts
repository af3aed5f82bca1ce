import { describe, expect, test } from "vitest";
import { parsePrincipal } from "./wire-principal.ts";

describe("a principal that another process sent", () => {
  test("is a user, a system or anonymous, without other members", () => {
    expect(parsePrincipal({ kind: "user", id: "Zoë \u{1f600}", roles: ["a"], more: 1 })).toEqual({ kind: "user", id: "Zoë \u{1f600}", roles: ["a"] });
    expect(parsePrincipal({ kind: "system", context: "a", task: "b" })).toEqual({ kind: "system", context: "a", task: "b" });
    expect(parsePrincipal({ kind: "anonymous", id: "a" })).toEqual({ kind: "anonymous" });
  });

  test.each([
    { kind: "user", id: "a\ud800", roles: [] },
    { kind: "user", id: "a", roles: ["\ude00"] },
    { kind: "system", context: "a", task: "\ud83d" },
    { kind: "user", id: 1, roles: [] },
    { kind: "user", id: "a" },
    null,
  ])("is not read from %j", (value) => expect(parsePrincipal(value)).toBeUndefined());
});
