import type { SQL } from "../../data/index.ts";
import type { Scope } from "../../kernel/index.ts";

/** The little that a job needs of the transaction of its effect. */
export interface EffectTransaction {
  readonly db: { execute(query: SQL): PromiseLike<unknown> };
}

/** One run of a job, on its way to its handler. */
export interface JobCall {
  /** The system `<context>/job <name>`, for who enqueued; cancelled at the timeout. */
  readonly scope: Scope;
  /** Parsed. */
  readonly data: unknown;
  /** Counts from 1; higher where an earlier run failed or died. */
  readonly attempt: number;
  /** Keeps how far it is, for those who look. */
  progress(value: object | number): Promise<void>;
  /**
   * Makes sure, as the last statement of a transaction, that the job is still this run's when it commits.
   *
   * Errors: KEY_IN_FLIGHT where it was taken to be dead and is somebody else's now: the transaction must roll back.
   */
  assertHeld(tx: EffectTransaction): Promise<void>;
  /**
   * Writes the end of the job in the transaction of its effect. Returns the result as it is kept.
   *
   * Errors: as {@link assertHeld}.
   */
  complete(tx: EffectTransaction, result: unknown): Promise<unknown>;
  /** Says that this transaction has committed: nothing more is to be written. */
  completed(): void;
}

/** A job's handler with its types taken off. What it answers has not been parsed. */
export type JobHandler = (call: JobCall) => Promise<unknown>;
