import type { SQL } from "../../data/drizzle/sql.ts";

/** What is noted about a failed attempt of a handler. Units: milliseconds. */
export interface FailedAttempt {
  readonly reason: string;
  /** An SQL expression, 0 or 1: how much the attempt adds to the event's attempts. */
  readonly counted: SQL;
  /** After this many attempts the event is parked. */
  readonly last: number;
  /** The wait before the next attempt. It doubles with each counted attempt. */
  readonly firstMs: number;
  readonly greatestMs: number;
  /** In [0, 1): the part of the wait that is used. */
  readonly part: number;
}
