import type { SQL } from "../../data/drizzle/sql.ts";
import type { Scope } from "../../kernel/scope.ts";

/** The part of a transaction that a job needs to write its end together with its effect. */
interface EffectTransaction {
  readonly db: { execute(query: SQL): PromiseLike<unknown> };
}

/** One run of a job, as its handler gets it. */
export interface JobCall {
  /** Its principal is the system `<context>/job <name>`, its initiator is the principal that enqueued the job. It is cancelled at the timeout. */
  readonly scope: Scope;
  /** The data of the job, after the parse. */
  readonly data: unknown;
  /** The number of this run, from 1. It is higher if earlier runs failed or died. */
  readonly attempt: number;
  /** Keeps the progress of the run, for dashboards and operators. */
  progress(value: object | number): Promise<void>;
  /**
   * Must be the last statement of a transaction. It makes sure that this run still holds the job when the transaction commits.
   *
   * Errors: KEY_IN_FLIGHT - this run counted as dead, and another run has the job now: the transaction must roll back.
   */
  assertHeld(tx: EffectTransaction): Promise<void>;
  /**
   * Writes the end of the job, in the transaction of its effect. Returns the result as it is kept.
   *
   * Errors: those of {@link assertHeld}.
   */
  complete(tx: EffectTransaction, result: unknown): Promise<unknown>;
  /** Must be called when the transaction of `complete` has committed. After that, nothing more is written about the run. */
  completed(): void;
}

/** A job's handler without its types. Its answer has not been parsed. */
export type JobHandler = (call: JobCall) => Promise<unknown>;
