import { importJWK, type JWK, type ProduceJWT, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { newTokenKey, publicHalf } from "./token-keys.ts";
import { createTokens, TOKEN_TTL_MS } from "./tokens.ts";

const NOW_MS = Date.UTC(2026, 10, 22);
const USER = { kind: "user", id: "0b7cf0a5-8a46-4b58-9e6c-2a9f1c0f4d11", roles: ["admin"] } as const;
const own = await newTokenKey();

const tokensOf = (privateKey: JWK | undefined, publicKeys: readonly JWK[], nowMs = NOW_MS) =>
  createTokens({ loadKeys: async () => ({ privateKey, publicKeys: publicKeys.map(publicHalf) }), nowMs: () => nowMs });

const ISSUER = "https://shop.holon.test/users";
const AUDIENCE = "https://shop.holon.test";

/** Sets all claims that a valid token has. */
const claims = <Token extends ProduceJWT>(token: Token): Token =>
  token
    .setSubject(USER.id)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setExpirationTime(NOW_MS / 1000 + 60) as Token;

const forged = async ({ key = own, issuer = ISSUER, audience = AUDIENCE, isEndless = false }): Promise<string> => {
  const whole = claims(new SignJWT({ roles: ["admin"] }))
    .setIssuer(issuer)
    .setAudience(audience);
  const token = isEndless ? new SignJWT({ roles: ["admin"] }).setSubject(USER.id).setIssuer(issuer).setAudience(audience) : whole;
  return token.setProtectedHeader({ alg: "EdDSA", kid: key.kid as string }).sign(await importJWK(key, "EdDSA"));
};

describe("a token", () => {
  test("carries its user and an end", async () => {
    const { token, expiresAt } = await tokensOf(own, [own]).issue(USER);
    expect(await tokensOf(undefined, [own]).verify(token)).toEqual(USER);
    expect(expiresAt.getTime()).toBe(NOW_MS + TOKEN_TTL_MS);
  });

  test("of an old key is good while that key is listed", async () => {
    const { token } = await tokensOf(own, [own]).issue(USER);
    expect(await tokensOf(undefined, [await newTokenKey(), own]).verify(token)).toEqual(USER);
  });

  test("is refused after its end", async () => {
    const { token } = await tokensOf(own, [own]).issue(USER);
    await expect(tokensOf(own, [own], NOW_MS + TOKEN_TTL_MS + 1_000).verify(token)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test.each([
    ["another key", async () => forged({ key: { ...(await newTokenKey()), kid: own.kid as string } })],
    ["another issuer", () => forged({ issuer: "https://elsewhere.test" })],
    ["another audience", () => forged({ audience: "https://elsewhere.test" })],
    ["no key at all", async () => claims(new UnsecuredJWT({ roles: ["admin"] })).encode()],
    [
      "the public key as a shared secret",
      async () =>
        claims(new SignJWT({ roles: ["admin"] }))
          .setProtectedHeader({ alg: "HS256", kid: own.kid as string })
          .sign(Buffer.from(own.x as string, "base64url")),
    ],
    ["no end", async () => forged({ isEndless: true })],
    ["a text that is not a token", async () => "not.a.token"],
  ])("with %s is refused", async (_, make) => {
    await expect(tokensOf(own, [own]).verify(await make())).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("that is forged without a fault is accepted, so that each token above is refused for what it names", async () => {
    expect(await tokensOf(own, [own]).verify(await forged({}))).toEqual(USER);
  });

  test("is recalled after it was verified, but not before, nor if it was refused", async () => {
    const tokens = tokensOf(own, [own]);
    const { token } = await tokens.issue(USER);
    expect(tokens.recall(token)).toBe(undefined);
    await tokens.verify(token);
    expect(tokens.recall(token)).toEqual(USER);
    const bad = await forged({ audience: "https://elsewhere.test" });
    await expect(tokens.verify(bad)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(tokens.recall(bad)).toBe(undefined);
  });

  test("can be checked with public keys, which do not contain the private half", async () => {
    const [key] = await tokensOf(own, [own]).publicKeys();
    expect(key).toEqual({ ...publicHalf(own), alg: "EdDSA", use: "sig" });
  });

  test("cannot be made without the private key", async () => {
    await expect(tokensOf(undefined, [own]).issue(USER)).rejects.toMatchObject({ code: "INTERNAL" });
  });
});
