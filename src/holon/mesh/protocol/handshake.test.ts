import { describe, expect, it } from "vitest";
import { createNonce, createProof, isNonce, isProof } from "./handshake.ts";

const nonces = { caller: createNonce(), callee: createNonce() };

describe("the handshake of the mesh", () => {
  it("makes another nonce each time", () => {
    expect(isNonce(nonces.caller)).toBe(true);
    expect(nonces.caller).not.toBe(nonces.callee);
  });

  it("takes the proof of the right secret, side and nonces", () => {
    expect(isProof(createProof("secret", "caller", nonces), "secret", "caller", nonces)).toBe(true);
  });

  it.each([
    ["another secret", createProof("other", "caller", nonces)],
    ["the other side", createProof("secret", "callee", nonces)],
    ["another nonce of the caller", createProof("secret", "caller", { ...nonces, caller: createNonce() })],
    ["another nonce of the callee", createProof("secret", "caller", { ...nonces, callee: createNonce() })],
    ["nothing", undefined],
    ["an empty text", ""],
    ["the secret itself", "secret"],
  ])("refuses the proof of %s", (_name, proof) => {
    expect(isProof(proof, "secret", "caller", nonces)).toBe(false);
  });

  it.each([undefined, "", "short", "x".repeat(33), `${"x".repeat(31)}\n`, 7])("does not accept %j as a nonce", (value) => {
    expect(isNonce(value)).toBe(false);
  });
});
