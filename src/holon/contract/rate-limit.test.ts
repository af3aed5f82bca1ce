import { describe, expect, it } from "vitest";
import { z } from "zod";
import { contract } from "./contract.ts";
import { ContractError } from "./contract-error.ts";
import { mutation, query } from "./procedure.ts";
import type { RateLimit } from "./rate-limit.ts";

const good: RateLimit = { limit: 5, windowMs: 900_000, by: ["address", "input.email"] };
const signIn = (limit: RateLimit) => mutation({ access: "public", input: z.object({ email: z.string() }), rateLimits: [limit] });

describe("rate limits of a procedure", () => {
  it("are data of the contract, and an empty list if the contract declares none", () => {
    expect(signIn(good).rateLimits).toEqual([good]);
    expect(query({ access: "public" }).rateLimits).toEqual([]);
    expect(() => contract("users", { procedures: { signIn: signIn(good) } })).not.toThrow();
  });

  it.each<[string, RateLimit]>([
    ["a limit of nothing", { ...good, limit: 0 }],
    ["a limit of half a call", { ...good, limit: 1.5 }],
    ["a window under a second", { ...good, windowMs: 999 }],
    ["a window over a day", { ...good, windowMs: 86_400_001 }],
    ["counting by nothing", { ...good, by: [] }],
    ["counting by a field that the input does not have", { ...good, by: ["input.mail"] }],
    ["counting by what objects have by themselves", { ...good, by: ["input.constructor"] }],
    ["counting by a name that does not exist", { ...good, by: ["ip" as "address"] }],
  ])("are refused by name for %s", (_name, limit) => {
    expect(() => contract("users", { procedures: { signIn: signIn(limit) } })).toThrow(ContractError);
    expect(() => contract("users", { procedures: { signIn: signIn(limit) } })).toThrow(/users\.signIn: rateLimits/);
  });

  it("are refused on an internal procedure, which cannot be called from outside", () => {
    const internal = mutation({ access: "internal", rateLimits: [{ ...good, by: ["address"] }] });
    expect(() => contract("users", { procedures: { internal } })).toThrow(/leave them out/);
  });
});
