import type { Tables } from "../drizzle/database.ts";
import type { DataTransaction } from "../transaction/run-transaction.ts";

/** What an idempotency key belongs to: the same key of somebody else, or for something else, is another key. */
export interface KeyScope {
  /** The name of the principal. */
  readonly principal: string;
  readonly procedure: string;
  readonly key: string;
  /** Hash of the input as it was given: the same key with another input is refused. */
  readonly requestHash: string;
  /** Whether a duplicate waits for a run or a claim that is in flight, inside its deadline, or is refused at once. */
  readonly wait: boolean;
}

/** A claimed key, or the answer that the key already has. */
export type KeyClaim<T extends Tables> = AnsweredKey | ClaimedKey<T>;

/** The key was used, and this is what came of it. */
export interface AnsweredKey {
  readonly kind: "answer";
  readonly answer: unknown;
}

/**
 * The key is ours until the deadline of the call that claimed it.
 *
 *     claimed --complete()--> done                     the answer is kept
 *     claimed --release()--> claimed, lease over       the next one takes it at once
 *     claimed --lease over, claim()--> claimed again   with the next attempt; the old holder's complete() is refused
 */
export interface ClaimedKey<T extends Tables> {
  readonly kind: "claimed";
  /** Counts from 1; higher where an earlier holder died or gave up. */
  readonly attempt: number;
  /** Writes the answer, in the transaction that writes the effect. Errors: KEY_IN_FLIGHT where somebody else took the key over. */
  complete(tx: DataTransaction<T>, answer: unknown): Promise<void>;
  /** Gives the key back, after a failure. Never fails: where the database is away, the lease ends by itself. */
  release(): Promise<void>;
}
