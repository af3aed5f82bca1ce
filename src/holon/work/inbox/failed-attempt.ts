import type { SQL } from "../../data/drizzle/sql.ts";

/** What is noted about a failed attempt of a handler. Units: milliseconds. */
export interface FailedAttempt {
  readonly reason: string;
  /** An SQL expression, 0 or 1: how much the attempt adds to the event's attempts. */
  readonly counted: SQL;
  /** After this many attempts the event is parked. */
  readonly last: number;
  /** The longest wait after the first failed attempt. It doubles with each counted attempt, up to `greatestMs`. */
  readonly firstMs: number;
  readonly greatestMs: number;
  /** In [0, 1), random: the part of the longest wait that is used. */
  readonly part: number;
}
