import { catalogueError, type UserPrincipal } from "holon";
import { type CryptoKey, createLocalJWKSet, importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import type { TokenKeys } from "./token-keys.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

/** How long a token is good: until then nothing takes it back. */
export const TOKEN_TTL_MS = 15 * 60 * 1000;

const ISSUER = "https://shop.holon.test/users";
const AUDIENCE = "https://shop.holon.test";
const ALGORITHM = "EdDSA";

/** Makes and checks proofs of who somebody is. */
export interface Tokens {
  /** Errors: INTERNAL in a process that was given no private key. */
  issue(user: UserPrincipal): Promise<{ readonly token: string; readonly expiresAt: Date }>;
  /** Errors: UNAUTHORIZED for a token that is malformed, expired, or not made here for here. */
  verify(token: string): Promise<UserPrincipal>;
  /** The user of a token that was verified within the last minute and has not expired; undefined for others, which may be good all the same. */
  recall(token: string): UserPrincipal | undefined;
  /** The keys that tokens are checked with. */
  publicKeys(): Promise<readonly JWK[]>;
}

/** What {@link createTokens} takes. */
export interface TokensOptions {
  /** Asked once, when the first token is made or checked. */
  readonly loadKeys: () => Promise<TokenKeys>;
  readonly nowMs: () => number;
}

/** Tokens are JWTs signed with Ed25519: only the users context can make them, and everybody with a public key can check them. */
export function createTokens({ loadKeys, nowMs }: TokensOptions): Tokens {
  const importKeys = async (): Promise<ImportedKeys> => {
    const { privateKey, publicKeys } = await loadKeys();
    const signing = privateKey === undefined ? undefined : { kid: privateKey.kid as string, key: await importJWK(privateKey, ALGORITHM) };
    return { signing, publicKeys, keySet: createLocalJWKSet({ keys: [...publicKeys] }) };
  };
  let imported: Promise<ImportedKeys> | undefined;
  const keys = (): Promise<ImportedKeys> => {
    imported ??= importKeys();
    return imported;
  };

  const verified = new VerifiedTokens(nowMs);
  return {
    async issue(user) {
      const { signing } = await keys();
      if (signing === undefined) throw catalogueError("INTERNAL", "This process has no private key to sign tokens with; set SHOP_TOKEN_PRIVATE_KEY.");
      const issuedAtMs = nowMs();
      const expiresAt = new Date(issuedAtMs + TOKEN_TTL_MS);
      const token = await new SignJWT({ roles: [...user.roles] })
        .setProtectedHeader({ alg: ALGORITHM, kid: signing.kid })
        .setSubject(user.id)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt(Math.floor(issuedAtMs / 1000))
        .setExpirationTime(Math.floor(expiresAt.getTime() / 1000))
        .sign(signing.key);
      return { token, expiresAt };
    },

    async verify(token) {
      const { keySet } = await keys();
      try {
        const { payload } = await jwtVerify(token, keySet, {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ["sub", "exp"],
          currentDate: new Date(nowMs()),
        });
        const user: UserPrincipal = Object.freeze({ kind: "user", id: payload.sub as string, roles: Object.freeze(toRoles(payload["roles"])) });
        verified.remember(token, user, (payload.exp as number) * 1_000);
        return user;
      } catch (cause) {
        throw catalogueError("UNAUTHORIZED", "The token is not good, or no longer.", { cause });
      }
    },

    recall: (token) => verified.recall(token),

    publicKeys: async () => (await keys()).publicKeys.map((key) => ({ ...key, alg: ALGORITHM, use: "sig" })),
  };
}

interface ImportedKeys {
  /** Undefined in a process that only checks tokens. */
  readonly signing: { readonly kid: string; readonly key: CryptoKey | Uint8Array } | undefined;
  readonly publicKeys: readonly JWK[];
  readonly keySet: ReturnType<typeof createLocalJWKSet>;
}

function toRoles(claim: unknown): string[] {
  return Array.isArray(claim) ? claim.filter((role) => typeof role === "string") : [];
}
