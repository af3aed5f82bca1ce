import type { SQL } from "../../data/index.ts";

/** What is noted of an attempt of a handler that failed. Units: milliseconds. */
export interface FailedAttempt {
  readonly reason: string;
  /** How much it adds to the attempts of the event: an expression, 0 or 1. */
  readonly counted: SQL;
  /** With how many attempts its event is parked. */
  readonly last: number;
  /** The wait until the next attempt: it doubles with each that was counted. */
  readonly firstMs: number;
  readonly greatestMs: number;
  /** In [0, 1): the part of the wait that is waited. */
  readonly part: number;
}
