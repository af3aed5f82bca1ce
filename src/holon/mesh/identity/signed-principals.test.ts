import { beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import type { ReceivedPrincipal } from "../protocol/wire-principal.ts";
import { SignedWorld, StandingClock } from "./principals.testing.ts";
import { createProcessKey } from "./process-key.ts";
import { createPrincipalToken, type SignedPrincipals } from "./signed-principals.ts";

const ANN: Principal = { kind: "user", id: "ann", roles: ["buyer"] };
const ORDERS: Principal = { kind: "system", context: "orders", task: "workflow placeOrder" };
const { principalTokenMs, clockSkewMs, subscriptionGreatestAgeMs } = DEFAULT_LIMITS;

const HEADER = { alg: "EdDSA", typ: "holon-principal+jwt" };

describe("signed principals", () => {
  let world: SignedWorld;
  let edge: SignedPrincipals;
  let catalog: SignedPrincipals;
  let orders: SignedPrincipals;
  beforeEach(() => {
    world = new SignedWorld("edge", "catalog", "orders");
    [edge, catalog, orders] = [world.principals("edge"), world.principals("catalog"), world.principals("orders")];
  });

  const inMs = (ms: number): number => world.clock.monotonicMs() + ms;
  const tokenOf = (from: SignedPrincipals, principal: Principal, forMs = 10_000): string =>
    JSON.parse(from.vouch(principal, inMs(forMs))?.text ?? "null") as string;
  const receive = (at: SignedPrincipals, token: unknown): ReceivedPrincipal => at.receive(token) as ReceivedPrincipal;
  const times = (life = 60): { iat: number; exp: number } => ({ iat: world.clock.nowMs() / 1_000, exp: world.clock.nowMs() / 1_000 + life });

  it("are received with the signature of the edge", () => {
    expect(receive(catalog, tokenOf(edge, ANN)).principal).toEqual(ANN);
  });

  it("cannot be changed by their receiver", () => {
    const { principal } = receive(catalog, tokenOf(edge, ANN));
    expect(Object.isFrozen(principal)).toBe(true);
    expect(Object.isFrozen(principal.kind === "user" && principal.roles)).toBe(true);
  });

  it("are handed on unchanged by their receiver", () => {
    const token = tokenOf(edge, ANN);
    const { principal } = receive(orders, token);
    expect(tokenOf(orders, principal)).toBe(token);
    expect(receive(catalog, tokenOf(orders, principal)).principal).toEqual(ANN);
  });

  it("of a system are signed by its context", () => {
    expect(receive(catalog, tokenOf(orders, ORDERS)).principal).toEqual(ORDERS);
  });

  it("of an anonymous caller need no signature", () => {
    expect(catalog.vouch(ANONYMOUS, inMs(1))?.text).toBe('{"kind":"anonymous"}');
    expect(receive(orders, { kind: "anonymous", roles: ["admin"] }).principal).toEqual(ANONYMOUS);
  });

  it.each([
    ["a user, by a context", "catalog", ANN],
    ["a system, by the edge", "edge", ORDERS],
    ["a system, by another context", "catalog", ORDERS],
  ])("are not made for %s", (_name, from, principal) => {
    expect(world.principals(from).vouch(principal, inMs(10_000))).toBeUndefined();
  });

  it.each<[string, string, Principal]>([
    ["a user that catalog made up", "catalog", ANN],
    ["a system of orders that catalog made up", "catalog", ORDERS],
    ["a system of orders that the edge made up", "edge", ORDERS],
  ])("are refused if they are %s", (_name, from, principal) => {
    expect(orders.receive(createPrincipalToken(world.key(from), principal, times()))).toMatch(/may not vouch for this principal/);
  });

  it("are refused with a signature of a key that is not in the roster", () => {
    expect(orders.receive(createPrincipalToken(createProcessKey().key, ANN, times()))).toMatch(/not signed by a key of the roster/);
  });

  it("are refused if a role was added, under the signature of the token without it", () => {
    const [head, , signature] = tokenOf(edge, ANN).split(".");
    const body = Buffer.from(JSON.stringify({ principal: { ...ANN, roles: ["buyer", "admin"] }, ...times() })).toString("base64url");
    expect(orders.receive(`${head}.${body}.${signature}`)).toMatch(/not signed/);
  });

  it.each([
    ["the algorithm none", (token: string) => token.replace(/^[^.]+/, encoded({ alg: "none", typ: "holon-principal+jwt" })), /a token of this mesh/],
    ["another type of token", (token: string) => token.replace(/^[^.]+/, encoded({ alg: "EdDSA", typ: "at+jwt" })), /a token of this mesh/],
    [
      "a key whose name is an object",
      (token: string) => token.replace(/^[^.]+/, encoded({ ...HEADER, kid: { valueOf: 1, toString: 1 } })),
      /not signed/,
    ],
    ["a key whose name is a list", (token: string) => token.replace(/^[^.]+/, encoded({ ...HEADER, kid: ["x"] })), /not signed/],
    ["more text than a token has", (token: string) => token + "x".repeat(70_000), /is longer than/],
    ["no signature", (token: string) => token.replace(/[^.]+$/, ""), /not signed/],
    ["a part too many", (token: string) => `${token}.x`, /a token of this mesh/],
    ["no parts", () => "ann", /a token of this mesh/],
  ])("are refused with %s", (_name, spoil, reason) => {
    expect(orders.receive(spoil(tokenOf(edge, ANN)))).toMatch(reason);
  });

  it("are refused without a token", () => {
    expect(orders.receive(ANN)).toBe("it comes without a signed token");
  });

  it.each([null, undefined, 7, true])("are not read from %j", (value) => {
    expect(orders.receive(value)).toBeUndefined();
  });

  it("end after the time of their token plus the time by which clocks may differ", () => {
    const { expiresAtMs } = receive(catalog, tokenOf(edge, ANN));
    expect(expiresAtMs).toBe(inMs(principalTokenMs + clockSkewMs));
  });

  it("that have ended are also over for a process that receives them later", () => {
    const token = tokenOf(edge, ANN);
    world.clock.pass(principalTokenMs + clockSkewMs + 1);
    expect(receive(catalog, token).expiresAtMs).toBeLessThan(world.clock.monotonicMs());
  });

  it("are refused if they were made in the future", () => {
    const ahead = new StandingClock();
    ahead.pass(clockSkewMs + 1_000);
    expect(catalog.receive(tokenOf(world.principals("edge", ahead), ANN))).toMatch(/clocks/);
  });

  it("share a token as long as it outlives the call", () => {
    const first = tokenOf(edge, ANN);
    world.clock.pass(principalTokenMs - 10_000);
    expect(tokenOf(edge, { ...ANN })).toBe(first);
    world.clock.pass(1);
    expect(tokenOf(edge, ANN)).not.toBe(first);
  });

  it("of a stream live as long as it may, and are not used for the short calls of the same user", () => {
    const token = tokenOf(edge, ANN, subscriptionGreatestAgeMs);
    expect(receive(catalog, token).expiresAtMs).toBe(inMs(subscriptionGreatestAgeMs + clockSkewMs));
    expect(receive(catalog, tokenOf(edge, ANN)).expiresAtMs).toBe(inMs(principalTokenMs + clockSkewMs));
  });

  it("of a long job use one token for all of its calls", () => {
    const untilMs = inMs(600_000);
    const first = orders.vouch(ORDERS, untilMs)?.text;
    world.clock.pass(400_000);
    expect(orders.vouch(ORDERS, untilMs)?.text).toBe(first);
  });

  it("of a call without a deadline live as long as those of a stream, and are shared for half of that", () => {
    const token = tokenOf(orders, ORDERS, Number.POSITIVE_INFINITY);
    expect(receive(catalog, token).expiresAtMs).toBe(inMs(subscriptionGreatestAgeMs + clockSkewMs));
    world.clock.pass(subscriptionGreatestAgeMs / 2);
    expect(tokenOf(orders, ORDERS, Number.POSITIVE_INFINITY)).toBe(token);
    world.clock.pass(1_000);
    expect(tokenOf(orders, ORDERS, Number.POSITIVE_INFINITY)).not.toBe(token);
  });
});

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
