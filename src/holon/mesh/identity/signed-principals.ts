import type { Clock } from "../../kernel/clock.ts";
import type { Limits } from "../../kernel/limits.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import { type PrincipalVouching, parsePrincipal, type ReceivedPrincipal, type Voucher } from "../protocol/wire-principal.ts";
import type { ProcessKey } from "./process-key.ts";
import { EDGE, type Roster } from "./roster.ts";

/** What a process with a key is handed to prove its identity and to sign for principals. */
export interface KeyIdentityDeps {
  readonly key: ProcessKey;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly limits: Pick<Limits, "principalTokenMs" | "principalTokenCount" | "clockSkewMs" | "subscriptionGreatestAgeMs">;
}

const ANONYMOUS_VOUCHER: Voucher = { text: JSON.stringify(ANONYMOUS), goodUntilMs: Number.POSITIVE_INFINITY };
const ANONYMOUS_RECEIVED: ReceivedPrincipal = { principal: ANONYMOUS, expiresAtMs: Number.POSITIVE_INFINITY };

/**
 * Principals with a signature: the edge signs for users, a context signs for its own system principal.
 *
 * A token lives as long as the call that it is made for, but at least `principalTokenMs`, so that the calls of one user share a token. For a call without
 * a deadline it lives `subscriptionGreatestAgeMs`. A process that received a principal hands on the token that came with it, and makes none of its own. The
 * anonymous principal needs no signature, because any process may call for it.
 */
export class SignedPrincipals implements PrincipalVouching {
  readonly #deps: KeyIdentityDeps;
  readonly #ownNames: ReadonlySet<string>;
  /** The tokens of short calls, by content of the principal, because an edge makes a new object for each request of the same user. */
  readonly #short = new Map<string, Voucher>();
  /** The tokens of streams and long jobs. Short calls of the same principal do not use them. */
  readonly #long = new Map<string, Voucher>();
  /** Tokens that were found valid. They are kept because calls of the same user may come over several connections. */
  readonly #believed = new Map<string, ReceivedPrincipal>();
  /** The tokens with which principals arrived. */
  readonly #tokens = new WeakMap<Principal, Voucher>();

  constructor(deps: KeyIdentityDeps) {
    this.#deps = deps;
    this.#ownNames = deps.roster.namesOf(deps.key.publicKey);
  }

  vouch(principal: Principal, untilMs: number): Voucher | undefined {
    if (principal.kind === "anonymous") return ANONYMOUS_VOUCHER;
    const kept = this.#tokens.get(principal);
    if (kept !== undefined) return kept;
    if (!maySpeakFor(this.#ownNames, principal)) return undefined;
    const content = JSON.stringify(principal);
    const leftMs = untilMs - this.#deps.clock.monotonicMs();
    const kind = leftMs <= this.#deps.limits.principalTokenMs ? this.#short : this.#long;
    const issued = kind.get(content);
    if (issued !== undefined && issued.goodUntilMs >= this.#neededUntil(untilMs)) return issued;
    return this.#issue(kind, content, principal, leftMs);
  }

  receive(value: unknown): ReceivedPrincipal | string | undefined {
    if (typeof value !== "string")
      return (value as { kind?: unknown } | null | undefined)?.kind === "anonymous" ? ANONYMOUS_RECEIVED : unsigned(value);
    return this.#believed.get(value) ?? this.#receiveToken(value);
  }

  /** A call without a deadline needs no token that is valid for ever. A token that has half of its time left is enough. */
  #neededUntil(untilMs: number): number {
    const { clock, limits } = this.#deps;
    return untilMs === Number.POSITIVE_INFINITY ? clock.monotonicMs() + limits.subscriptionGreatestAgeMs / 2 : untilMs;
  }

  #issue(kind: Map<string, Voucher>, content: string, principal: Principal, leftMs: number): Voucher {
    const { key, clock, limits } = this.#deps;
    const nowMs = clock.nowMs();
    const lifeMs = leftMs === Number.POSITIVE_INFINITY ? limits.subscriptionGreatestAgeMs : Math.max(limits.principalTokenMs, leftMs);
    const exp = Math.ceil((nowMs + lifeMs) / 1_000);
    const token = createPrincipalToken(key, principal, { iat: Math.floor(nowMs / 1_000), exp });
    const issued = { text: JSON.stringify(token), goodUntilMs: clock.monotonicMs() + exp * 1_000 - nowMs };
    remember(kind, content, issued, limits.principalTokenCount);
    return issued;
  }

  #receiveToken(token: string): ReceivedPrincipal | string {
    const { roster, clock, limits } = this.#deps;
    const claims = parsePrincipalToken(token, roster);
    if (typeof claims === "string") return claims;
    const { principal, iat, exp } = claims;
    const nowMs = clock.nowMs();
    if (iat * 1_000 > nowMs + limits.clockSkewMs) return "its token was made in the future: do the clocks of the processes agree?";
    const received = { principal, expiresAtMs: clock.monotonicMs() + exp * 1_000 + limits.clockSkewMs - nowMs };
    this.#tokens.set(principal, { text: JSON.stringify(token), goodUntilMs: Number.POSITIVE_INFINITY });
    remember(this.#believed, token, received, limits.principalTokenCount);
    return received;
  }
}

function unsigned(value: unknown): string | undefined {
  return typeof value === "object" && value !== null ? "it comes without a signed token" : undefined;
}

/** Keeps the newest entries. A Map iterates in the order of insertion, so the first is the oldest. */
function remember<Value>(map: Map<string, Value>, name: string, value: Value, limit: number): void {
  map.delete(name);
  map.set(name, value);
  for (const oldest of map.keys()) {
    if (map.size <= limit) break;
    map.delete(oldest);
  }
}

/** When a token was made and when it ends. Units: whole seconds since 1970, as in every JWT. */
interface TokenTimes {
  readonly iat: number;
  readonly exp: number;
}

/** What a valid token says. */
interface PrincipalClaims extends TokenTimes {
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
function maySpeakFor(names: ReadonlySet<string>, principal: Principal): boolean {
  if (principal.kind === "anonymous") return true;
  return names.has(principal.kind === "user" ? EDGE : principal.context);
}

/** Longest token that is parsed. A user with a thousand roles has a shorter one. */
const TOKEN_LENGTH = 64 * 1024;

/** Reads and verifies a token. A returned sentence says why the token is refused. The times of the token are not checked here. */
function parsePrincipalToken(token: string, roster: Roster): PrincipalClaims | string {
  if (token.length > TOKEN_LENGTH) return `its token is longer than ${TOKEN_LENGTH} characters`;
  const [head = "", body = "", signature, ...rest] = token.split(".");
  const header = decode(head);
  const claims = decode(body);
  if (header?.["alg"] !== "EdDSA" || header["typ"] !== TYPE || claims === undefined || rest.length > 0)
    return "its token does not have the form of a token of this mesh";
  const kid = header["kid"];
  if (typeof kid !== "string" || !roster.isSignedBy(kid, `${head}.${body}`, signature)) return "its token is not signed by a key of the roster";
  const principal = parsePrincipal(claims["principal"]);
  const { iat, exp } = claims;
  if (principal === undefined || typeof iat !== "number" || typeof exp !== "number") return "its token is incomplete";
  if (!maySpeakFor(roster.namesOf(kid), principal)) return "its token is signed by a key that may not vouch for this principal";
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
