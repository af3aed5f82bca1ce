import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createProcessKey, isSignature, type ProcessKey, parseProcessKey, parsePublicKey } from "./process-key.ts";

const { key, jwk } = createProcessKey();
const publicKey = (of: ProcessKey) => parsePublicKey(of.publicKey) as NonNullable<ReturnType<typeof parsePublicKey>>;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;

describe("the key of a process", () => {
  it("is read from a JWK", () => {
    expect(parseProcessKey(jwk)?.publicKey).toBe(key.publicKey);
  });

  it("is read from PKCS #8 in PEM, as openssl writes it", () => {
    const { privateKey, publicKey: half } = generateKeyPairSync("ed25519");
    expect(parseProcessKey(String(privateKey.export({ format: "pem", type: "pkcs8" })))?.publicKey).toBe(half.export({ format: "jwk" }).x);
  });

  it.each([
    ["nothing", ""],
    ["some text", "correct horse battery staple"],
    ["broken JSON", jwk.slice(0, -1)],
    ["a public key only", JSON.stringify({ ...JSON.parse(jwk), d: undefined })],
    ["the public half of another key", JSON.stringify({ ...JSON.parse(jwk), x: createProcessKey().key.publicKey })],
    ["a key of another kind", String(rsa.export({ format: "pem", type: "pkcs8" }))],
  ])("is not read from %s", (_name, text) => {
    expect(parseProcessKey(text)).toBeUndefined();
  });

  it("signs what others can check", () => {
    expect(isSignature(key.sign("text"), "text", publicKey(key))).toBe(true);
  });

  it.each([
    ["the signature of another text", key.sign("other"), key],
    ["the signature of another key", createProcessKey().key.sign("text"), key],
    ["a missing signature", undefined, key],
    ["a truncated signature", key.sign("text").slice(0, -4), key],
  ])("does not accept %s", (_name, signature, signer) => {
    expect(isSignature(signature, "text", publicKey(signer))).toBe(false);
  });

  it.each(["", "x", "A".repeat(44), `${"A".repeat(42)}=`])("does not accept %j as a public key", (text) => {
    expect(parsePublicKey(text)).toBeUndefined();
  });

  it("does not show its private half when it is printed", () => {
    const { d } = JSON.parse(jwk) as { readonly d: string };
    expect(`${inspect(key, { depth: 9, showHidden: true })}${JSON.stringify(key)}`).not.toContain(d);
  });
});
