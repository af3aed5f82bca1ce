/** The times that jobs are worked with. Units: milliseconds. */
export const DEFAULT_JOB_TIMING = {
  /** How long a runner counts as alive that does not renew its lease. */
  leaseMs: 15_000,
  /** Time between two looks for dead runners and overdue jobs. */
  sweepMs: 2_000,
  /** After this long, a due job that was not run is put on its queue again, if the queue holds nothing and none of its jobs runs. */
  resendLostMs: 5_000,
  /**
   * The same, at all other times, if the queue had handed out half of this time ago what was sent for half of this time after it. A queue hands out in order:
   * so what still waits there is not put there again, however long it waits.
   */
  resendAfterMs: 30_000,
  /** The same, if it cannot be asked what waits on the queue. */
  resendAnywayMs: 600_000,
  /** How long running jobs may take to finish when the process stops. Then they are aborted and given back. */
  graceMs: 20_000,
} as const;

/** {@link DEFAULT_JOB_TIMING}, with other values. */
export type JobTiming = { readonly [Name in keyof typeof DEFAULT_JOB_TIMING]: number };
