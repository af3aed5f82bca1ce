import { importJWK, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { newTokenKey } from "../../src/shop/identity/token-keys.ts";
import { ADMIN, ALFKI, type TestShop } from "../../src/shop/shop.testing.ts";
import type { Sender } from "./row.ts";

/** The authorization header of each sender; an invalid one differs from a valid one in one thing. */
export async function authorizations(shop: TestShop): Promise<ReadonlyMap<Sender, string>> {
  const good = async (id: string, role: string): Promise<string> => (await shop.tokens.issue({ kind: "user", id, roles: [role] })).token;
  const user = await good(ALFKI, "user");
  const [head, claims] = user
    .split(".")
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString())) as [{ kid: string }, JWTPayload];
  const signed = (change: JWTPayload, key: JWK = shop.tokenKey): Promise<string> => sign({ ...claims, ...change }, key, head.kid);
  const [expired, issuer, audience, key] = [
    await signed({ exp: Math.floor(Date.now() / 1_000) - 3_600 }),
    await signed({ iss: "https://elsewhere.test" }),
    await signed({ aud: "https://elsewhere.test" }),
    await signed({}, await newTokenKey()),
  ];
  const bearers = Object.entries({
    ...{ user, expired, admin: await good(ADMIN, "admin"), garbage: "x.y.z" },
    ...{ "wrong issuer": issuer, "wrong audience": audience, "wrong key": key, unsigned: new UnsecuredJWT(claims).encode() },
  });
  return new Map<Sender, string>([
    ...bearers.map(([sender, token]) => [sender as Sender, `Bearer ${token}`] as const),
    ["another scheme", "Basic YTpi"],
  ]);
}

async function sign(claims: JWTPayload, key: JWK, kid: string): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", kid }).sign(await importJWK(key, "EdDSA"));
}
