import type { Principal } from "../../kernel/principal.ts";
import { isUnknownKind, parsePrincipal } from "./wire-principal.ts";

/** What is sent for a principal. */
export interface Voucher {
  /** As JSON. */
  readonly text: string;
  /** Until when this process sends it, on the monotonic clock. After that the process asks for a new one. */
  readonly goodUntilMs: number;
}

/** A principal that a peer sent. */
export interface ReceivedPrincipal {
  readonly principal: Principal;
  /** Until when calls are accepted for it, on the monotonic clock. */
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
