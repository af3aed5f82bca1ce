import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { createNonce, type Handshake } from "../protocol/handshake.ts";
import { SignedWorld } from "./principals.testing.ts";
import { createKeyIdentity, type ProcessIdentity } from "./process-identity.ts";
import { createProcessKey } from "./process-key.ts";

const world = new SignedWorld("edge", "catalog", "orders", "payments");
const identityOf = (name: string): ProcessIdentity =>
  createKeyIdentity({ key: world.key(name), roster: world.roster, clock: world.clock, limits: DEFAULT_LIMITS });
const orders = identityOf("orders");
const catalog = identityOf("catalog");
const payments = identityOf("payments");
const handshake: Handshake = {
  caller: createNonce(),
  callee: createNonce(),
  callerKey: orders.publicKey,
  calleeKey: payments.publicKey,
  channel: "tls",
};

describe("an identity by key", () => {
  it("speaks for what its key is bound to, and for nothing else", () => {
    const peer = payments.check("caller", handshake, orders.prove("caller", handshake));
    expect(["orders", "catalog", "edge", "payments"].filter((name) => peer?.speaksFor(name))).toEqual(["orders"]);
  });

  it("is proved by the callee too", () => {
    expect(orders.check("callee", handshake, payments.prove("callee", handshake))).toBeDefined();
  });

  it.each<[string, Handshake, unknown]>([
    ["another key that claims to be it", handshake, catalog.prove("caller", handshake)],
    ["the other side", handshake, orders.prove("callee", handshake)],
    ["another nonce of the caller", handshake, orders.prove("caller", { ...handshake, caller: createNonce() })],
    ["another nonce of the callee", handshake, orders.prove("caller", { ...handshake, callee: createNonce() })],
    ["a handshake with another callee, which hands it on", handshake, orders.prove("caller", { ...handshake, calleeKey: catalog.publicKey })],
    ["another TLS connection", handshake, orders.prove("caller", { ...handshake, channel: "other" })],
    ["no TLS connection", handshake, orders.prove("caller", { ...handshake, channel: undefined })],
    ["a missing proof", handshake, undefined],
    ["a peer without a key", { ...handshake, callerKey: undefined }, orders.prove("caller", handshake)],
  ])("is not proved by %s", (_name, shown, proof) => {
    expect(payments.check("caller", shown, proof)).toBeUndefined();
  });

  it("is not proved by a key that the roster does not know", () => {
    const stranger = createKeyIdentity({ key: createProcessKey().key, roster: world.roster, clock: world.clock, limits: DEFAULT_LIMITS });
    const shown = { ...handshake, callerKey: stranger.publicKey };
    expect(payments.check("caller", shown, stranger.prove("caller", shown))).toBeUndefined();
  });

  it("of a callee is refused by the caller if its key is bound to another context, or is missing", () => {
    expect(orders.calleeFault(payments.publicKey, ["payments"])).toBeUndefined();
    expect(orders.calleeFault(catalog.publicKey, ["catalog", "payments"])).toContain("is not bound to payments");
    expect(orders.calleeFault(undefined, ["payments"])).toContain("HOLON_KEY");
  });
});
