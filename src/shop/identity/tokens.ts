import { catalogueError, type UserPrincipal } from "holon";
import { createLocalJWKSet, importJWK, type JWK, jwtVerify, SignJWT } from "jose";

/** How long a token is good. */
export const TOKEN_TTL_MS = 60 * 60 * 1000;

const ISSUER = "https://shop.holon.test/users";
const AUDIENCE = "https://shop.holon.test";
const ALGORITHM = "EdDSA";

/** Makes and checks proofs of who somebody is. */
export interface Tokens {
  /** Errors: INTERNAL in a process that was given no private key. */
  issue(user: UserPrincipal): Promise<{ readonly token: string; readonly expiresAt: Date }>;
  /** Errors: UNAUTHORIZED for a token that is malformed, expired, or not made here for here. */
  verify(token: string): Promise<UserPrincipal>;
}

/** What {@link createTokens} takes. Keys are Ed25519, with a `kid` each. */
export interface TokensOptions {
  /** Only the process that hosts the users context needs it. */
  readonly privateKey: JWK | undefined;
  /** Every key whose tokens are still good: while keys are changed, the old and the new one. */
  readonly publicKeys: readonly JWK[];
  readonly nowMs: () => number;
}

/** Tokens are JWTs signed with Ed25519: only the users context can make them, and everybody with a public key can check them. */
export function createTokens({ privateKey, publicKeys, nowMs }: TokensOptions): Tokens {
  const keySet = createLocalJWKSet({ keys: [...publicKeys] });
  return {
    async issue(user) {
      if (privateKey === undefined) throw catalogueError("INTERNAL", "This process has no private key to sign tokens with; set SHOP_TOKEN_PRIVATE_KEY.");
      const issuedAtMs = nowMs();
      const expiresAt = new Date(issuedAtMs + TOKEN_TTL_MS);
      const token = await new SignJWT({ roles: [...user.roles] })
        .setProtectedHeader({ alg: ALGORITHM, ...(privateKey.kid === undefined ? {} : { kid: privateKey.kid }) })
        .setSubject(user.id)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt(Math.floor(issuedAtMs / 1000))
        .setExpirationTime(Math.floor(expiresAt.getTime() / 1000))
        .sign(await importJWK(privateKey, ALGORITHM));
      return { token, expiresAt };
    },

    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, keySet, {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ["sub", "exp"],
          currentDate: new Date(nowMs()),
        });
        return { kind: "user", id: payload.sub as string, roles: toRoles(payload["roles"]) };
      } catch (cause) {
        throw catalogueError("UNAUTHORIZED", "The token is not good, or no longer.", { cause });
      }
    },
  };
}

function toRoles(claim: unknown): readonly string[] {
  return Array.isArray(claim) ? claim.filter((role) => typeof role === "string") : [];
}
