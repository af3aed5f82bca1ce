import type { Principal } from "../../kernel/principal.ts";
import { parsePrincipal } from "../protocol/wire-principal.ts";
import type { ProcessKey } from "./process-key.ts";
import { EDGE, type Roster } from "./roster.ts";

/** When a token was made and when it ends. Units: whole seconds since 1970, as in every JWT. */
export interface TokenTimes {
  readonly iat: number;
  readonly exp: number;
}

/** What a valid token says. */
export interface PrincipalClaims extends TokenTimes {
  readonly principal: Principal;
}

/** The type distinguishes these tokens from any other token that the same key may sign. */
const TYPE = "holon-principal+jwt";

/**
 * Signs a principal: a JWT by EdDSA whose `kid` is the public key itself.
 *
 * Source: RFC 7519, RFC 8037; `typ` as RFC 8725 recommends.
 */
export function createPrincipalToken(key: ProcessKey, principal: Principal, { iat, exp }: TokenTimes): string {
  const text = `${encode({ alg: "EdDSA", typ: TYPE, kid: key.publicKey })}.${encode({ principal, iat, exp })}`;
  return `${text}.${key.sign(text)}`;
}

/**
 * Whether the owner of a key may vouch for a principal: the edge for users, a context for its own system. The anonymous principal needs no
 * voucher.
 */
export function maySpeakFor(names: ReadonlySet<string>, principal: Principal): boolean {
  if (principal.kind === "anonymous") return true;
  return names.has(principal.kind === "user" ? EDGE : principal.context);
}

/** Longest token that is parsed. A user with a thousand roles has a shorter one. */
const TOKEN_LENGTH = 64 * 1024;

/** Reads and verifies a token. A returned sentence says why it is refused. Its times are not checked here. */
export function parsePrincipalToken(token: string, roster: Roster): PrincipalClaims | string {
  if (token.length > TOKEN_LENGTH) return `its token is longer than ${TOKEN_LENGTH} characters`;
  const [head = "", body = "", signature, ...rest] = token.split(".");
  const header = decode(head);
  const claims = decode(body);
  if (header?.["alg"] !== "EdDSA" || header["typ"] !== TYPE || claims === undefined || rest.length > 0) return "its token is none of this mesh";
  const kid = header["kid"];
  if (typeof kid !== "string" || !roster.isSignedBy(kid, `${head}.${body}`, signature)) return "its token is not signed by a key of the roster";
  const principal = parsePrincipal(claims["principal"]);
  const { iat, exp } = claims;
  if (principal === undefined || typeof iat !== "number" || typeof exp !== "number") return "its token is incomplete";
  if (!maySpeakFor(roster.namesOf(kid), principal)) return "its token is signed by a key that may not say who this is";
  return { principal, iat, exp };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
