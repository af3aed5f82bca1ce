import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import { isUnicode } from "../../kernel/unicode-text.ts";

/**
 * Reads a principal that a peer sent or that an app's `authenticate` returned; undefined if the value is not one. Unknown members are dropped.
 * The principal's texts are well-formed Unicode; otherwise a database could store two different ids as the same text.
 *
 * Guarantee: the principal is frozen. Handlers get this very object, and a connection keeps it: a role that one handler added would be there
 * in every later call.
 */
export function parsePrincipal(value: unknown): Principal | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, id, roles, context, task } = value as Record<string, unknown>;
  switch (kind) {
    case "anonymous":
      return ANONYMOUS;
    case "user":
      if (!isText(id) || !Array.isArray(roles) || !roles.every(isText)) return undefined;
      return Object.freeze({ kind, id, roles: Object.freeze([...roles]) });
    case "system":
      if (!isText(context) || !isText(task)) return undefined;
      return Object.freeze({ kind, context, task });
    default:
      return undefined;
  }
}

const KINDS: ReadonlySet<unknown> = new Set<Principal["kind"]>(["anonymous", "user", "system"]);

/** Whether a value may be a principal of a later version: its kind is not known here. */
function isUnknownKind(value: unknown): boolean {
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  return typeof kind === "string" && !KINDS.has(kind);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && isUnicode(value);
}

/** What is sent for a principal. */
export interface Voucher {
  /** The principal or its token, as JSON. */
  readonly text: string;
  /** The moment until which this process sends the text, on the monotonic clock. After that the process asks for a new voucher. */
  readonly goodUntilMs: number;
}

/** A principal that a peer sent. */
export interface ReceivedPrincipal {
  readonly principal: Principal;
  /** The moment until which calls are accepted for the principal, on the monotonic clock. */
  readonly expiresAtMs: number;
}

/** How one process proves to another which principal a call is made for. */
export interface PrincipalVouching {
  /** What to send for a principal whose call may last until `untilMs`; undefined if this process may not speak for it. */
  vouch(principal: Principal, untilMs: number): Voucher | undefined;
  /** The principal that a value stands for. A returned sentence says why it is refused; undefined means that the value cannot be a principal. */
  receive(value: unknown): ReceivedPrincipal | string | undefined;
}

/** Principals without proof: the only way for members of an app that share nothing but a secret. */
export const PLAIN_PRINCIPALS: PrincipalVouching = {
  vouch: (principal) => ({ text: JSON.stringify(principal), goodUntilMs: Number.POSITIVE_INFINITY }),
  receive(value) {
    const principal = parsePrincipal(value);
    if (principal !== undefined) return { principal, expiresAtMs: Number.POSITIVE_INFINITY };
    return isUnknownKind(value) ? "it is of a kind that this version does not know" : undefined;
  },
};
