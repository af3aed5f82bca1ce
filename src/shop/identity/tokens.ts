import { catalogueError, type UserPrincipal } from "holon";
import { type CryptoKey, createLocalJWKSet, importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import type { TokenKeys } from "./token-keys.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

/** How long a token is valid. It cannot be revoked before that. */
export const TOKEN_TTL_MS = 15 * 60 * 1000;

const ISSUER = "https://shop.holon.test/users";
const AUDIENCE = "https://shop.holon.test";
const ALGORITHM = "EdDSA";

/** Makes and checks access tokens. */
export interface Tokens {
  /** Errors: INTERNAL in a process without a private key. */
  issue(user: UserPrincipal): Promise<{ readonly token: string; readonly expiresAt: Date }>;
  /** Errors: UNAUTHORIZED for a token that is malformed or expired, or whose signature, issuer or audience is wrong. */
  verify(token: string): Promise<UserPrincipal>;
  /** The user of a token that was verified within the last minute and has not expired; undefined for other tokens, which may also be valid. */
  recall(token: string): UserPrincipal | undefined;
  /** The public keys with which tokens are checked. */
  publicKeys(): Promise<readonly JWK[]>;
}

/** The options of {@link createTokens}. */
export interface TokensOptions {
  /** Called once, when the first token is made or checked. */
  readonly loadKeys: () => Promise<TokenKeys>;
  readonly nowMs: () => number;
}

/** Tokens are JWTs signed with Ed25519: only the users context can make them, and any process with a public key can check them. */
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
        throw catalogueError("UNAUTHORIZED", "The token is not valid or has expired.", { cause });
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
