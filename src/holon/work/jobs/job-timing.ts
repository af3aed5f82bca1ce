/** The times that the work with jobs uses. Units: milliseconds. */
export const DEFAULT_JOB_TIMING = {
  /** How long a runner that does not renew its leases counts as alive. */
  leaseMs: 15_000,
  /** Time between two looks for dead runners and overdue jobs. */
  sweepMs: 2_000,
  /** After this long, a due job that was not run is put on its queue again, if the queue holds nothing and none of its jobs runs. */
  resendLostMs: 5_000,
  /**
   * The same, at all other times. The queue must have handed out, half of this time ago, work that was sent half of this time after the job. Queues hand out in
   * order. So the job was handed out long ago, or the queue lost it. A job that still waits on its queue is not put there again, however long it waits.
   */
  resendAfterMs: 30_000,
  /** The same, if the queue does not say what waits on it. */
  resendAnywayMs: 600_000,
  /** How long running jobs may take to finish when the process stops. Then they are aborted and given back. */
  graceMs: 20_000,
} as const;

/** {@link DEFAULT_JOB_TIMING}, with other values. */
export type JobTiming = { readonly [Name in keyof typeof DEFAULT_JOB_TIMING]: number };
