/** The times that the work with jobs uses. Units: milliseconds. */
export const DEFAULT_JOB_TIMING = {
  /** How long a process that does not renew its leases counts as alive. */
  leaseMs: 15_000,
  /** Time between two looks for jobs of dead processes and for overdue jobs. */
  sweepMs: 2_000,
  /** After this long, a due job that has not run is put on its queue again, if no message of the queue waits, is delayed or is at work. */
  resendLostMs: 5_000,
  /**
   * The same, if the queue has messages. Then there is a condition: half of this time ago, the queue had already handed out a message that was added half of
   * this time after the message of the job. Queues hand out in order. So the message of the job was handed out even earlier, or the queue lost it. A job whose
   * message still waits on its queue is not put there again, however long it waits.
   */
  resendAfterMs: 30_000,
  /** The same, if it cannot be read what waits on the queue. */
  resendAnywayMs: 600_000,
  /** How long running jobs may take to finish when the process stops. Then they are aborted and given back. */
  graceMs: 20_000,
} as const;

/** {@link DEFAULT_JOB_TIMING}, with other values. */
export type JobTiming = { readonly [Name in keyof typeof DEFAULT_JOB_TIMING]: number };
