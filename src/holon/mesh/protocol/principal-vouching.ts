import type { Principal } from "../../kernel/index.ts";
import { isUnknownKind, parsePrincipal } from "./wire-principal.ts";

/** What stands for a principal on the wire. */
export interface Voucher {
  /** As JSON. */
  readonly text: string;
  /** Up to when this process sends it, on the monotonic clock; after that it asks for another. */
  readonly goodUntilMs: number;
}

/** A principal that a peer sent. */
export interface ReceivedPrincipal {
  readonly principal: Principal;
  /** Up to when calls are taken for it, on the monotonic clock. */
  readonly expiresAtMs: number;
}

/** How processes tell each other who a call is made for. */
export interface PrincipalVouching {
  /** What to send for a principal whose call may last up to then; undefined where this process may not speak for it. */
  vouch(principal: Principal, untilMs: number): Voucher | undefined;
  /** The principal that a value stands for; a sentence says why it is not believed; undefined where the value can be none. */
  receive(value: unknown): ReceivedPrincipal | string | undefined;
}

/** Principals as they are, believed as they come: all that members of an app have who only share a secret. */
export const PLAIN_PRINCIPALS: PrincipalVouching = {
  vouch: (principal) => ({ text: JSON.stringify(principal), goodUntilMs: Number.POSITIVE_INFINITY }),
  receive(value) {
    const principal = parsePrincipal(value);
    if (principal !== undefined) return { principal, expiresAtMs: Number.POSITIVE_INFINITY };
    return isUnknownKind(value) ? "it is of a kind that this version does not know" : undefined;
  },
};
