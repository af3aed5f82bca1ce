import { createHash } from "node:crypto";
import type { Tables } from "../drizzle/database.ts";
import type { DataTransaction } from "../transaction/run-transaction.ts";

/** The principal, procedure and input of an idempotency key. The same text of another principal, or for another procedure, is another key. */
export interface KeyScope {
  /** The name of the principal. */
  readonly principal: string;
  readonly procedure: string;
  readonly key: string;
  /** Hash of the input as it was given. The same key with another input is refused. */
  readonly requestHash: string;
  /** Whether a duplicate waits within its deadline for a run or claim in flight. Otherwise it is refused at once. */
  readonly wait: boolean;
}

/** A claimed key, or the answer that the key already has. */
export type KeyClaim<T extends Tables> = AnsweredKey | ClaimedKey<T>;

/** The key was used before, and this is its answer. */
export interface AnsweredKey {
  readonly kind: "answer";
  readonly answer: unknown;
}

/**
 * A key that this call has claimed and holds until its deadline.
 *
 *     claimed --complete()--> done                     the answer is kept
 *     claimed --release()--> claimed, lease over       the next claim takes it at once
 *     claimed --lease over, claim()--> claimed again   with the next attempt; complete() of the old holder is refused
 */
export interface ClaimedKey<T extends Tables> {
  readonly kind: "claimed";
  /** The number of this claim, from 1. It is higher than 1 if an earlier claim ended without an answer, or if an earlier use of the key has expired. */
  readonly attempt: number;
  /** Writes the answer, in the transaction that writes the effect. Errors: KEY_IN_FLIGHT if another call took the key over. */
  complete(tx: DataTransaction<T>, answer: unknown): Promise<void>;
  /** Releases the key after a failure. Never fails: if the database is unreachable, the lease ends by itself. */
  release(): Promise<void>;
}

/** A hash of a JSON value: 64 hexadecimal digits. It does not depend on the order of members, nor on members that are undefined. */
export function requestHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/**
 * The hash of an input as it was given, not as it was parsed. Two versions of a contract may parse one input to different values, but the caller has given the
 * same input to both. If JSON cannot carry the given input, the parsed input is hashed.
 */
export function inputHash(given: unknown, parsed: unknown): string {
  try {
    return requestHash(given);
  } catch {
    return requestHash(parsed);
  }
}

function canonicalJson(value: unknown): string {
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return text ?? "null";
}
