/** What is noted of an attempt of a handler that failed. Units: milliseconds. */
export interface FailedAttempt {
  readonly reason: string;
  /** 0 if others stood in its way. */
  readonly counted: 0 | 1;
  /** With how many attempts its event is parked. */
  readonly last: number;
  /** The wait until the next attempt: it doubles with each that was counted. */
  readonly firstMs: number;
  readonly greatestMs: number;
  /** In [0, 1): the part of the wait that is waited. */
  readonly part: number;
}
