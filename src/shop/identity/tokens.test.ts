import { importJWK, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { newTokenKey, publicHalf } from "./token-keys.ts";
import { createTokens, TOKEN_TTL_MS } from "./tokens.ts";

const NOW_MS = Date.UTC(2026, 10, 22);
const USER = { kind: "user", id: "0b7cf0a5-8a46-4b58-9e6c-2a9f1c0f4d11", roles: ["admin"] } as const;
const own = await newTokenKey();

const tokensOf = (privateKey: JWK | undefined, publicKeys: readonly JWK[], nowMs = NOW_MS) =>
  createTokens({ loadKeys: async () => ({ privateKey, publicKeys: publicKeys.map(publicHalf) }), nowMs: () => nowMs });

const forged = async ({ key = own, issuer = "https://shop.holon.test/users", audience = "https://shop.holon.test" }): Promise<string> =>
  new SignJWT({ roles: ["admin"] })
    .setProtectedHeader({ alg: "EdDSA", kid: key.kid as string })
    .setSubject(USER.id)
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime(NOW_MS / 1000 + 60)
    .sign(await importJWK(key, "EdDSA"));

describe("a token", () => {
  test("says who somebody is, and until when", async () => {
    const { token, expiresAt } = await tokensOf(own, [own]).issue(USER);
    expect(await tokensOf(undefined, [own]).verify(token)).toEqual(USER);
    expect(expiresAt.getTime()).toBe(NOW_MS + TOKEN_TTL_MS);
  });

  test("of an old key is good while that key is listed", async () => {
    const { token } = await tokensOf(own, [own]).issue(USER);
    expect(await tokensOf(undefined, [await newTokenKey(), own]).verify(token)).toEqual(USER);
  });

  test("is not good after its time", async () => {
    const { token } = await tokensOf(own, [own]).issue(USER);
    await expect(tokensOf(own, [own], NOW_MS + TOKEN_TTL_MS + 1_000).verify(token)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test.each([
    ["another key", async () => forged({ key: { ...(await newTokenKey()), kid: own.kid as string } })],
    ["another issuer", () => forged({ issuer: "https://elsewhere.test" })],
    ["another audience", () => forged({ audience: "https://elsewhere.test" })],
    [
      "no key at all",
      async () =>
        new UnsecuredJWT({ roles: ["admin"] })
          .setSubject(USER.id)
          .setExpirationTime(NOW_MS / 1000 + 60)
          .encode(),
    ],
    ["no sense", async () => "not.a.token"],
  ])("with %s is refused", async (_, make) => {
    await expect(tokensOf(own, [own]).verify(await make())).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("cannot be made without the private key", async () => {
    await expect(tokensOf(undefined, [own]).issue(USER)).rejects.toMatchObject({ code: "INTERNAL" });
  });
});
