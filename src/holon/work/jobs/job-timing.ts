/** The times of the machinery of jobs, in milliseconds. */
export const DEFAULT_JOB_TIMING = {
  /** How long a runner that is not heard of is taken to be alive. */
  leaseMs: 15_000,
  /** Between two looks for the dead and the overdue. */
  sweepMs: 2_000,
  /** After which a job that is due and was not run is put on its queue again, where nothing at all is on that queue and nobody runs anything of it. */
  resendLostMs: 5_000,
  /** The same where nothing waits on that queue. */
  resendAfterMs: 30_000,
  /** After which it is put there again whatever the queue says. */
  resendAnywayMs: 600_000,
  /** How long running jobs may take to finish at stop; then they are aborted and given back. */
  graceMs: 20_000,
} as const;

/** {@link DEFAULT_JOB_TIMING}, some with another value. */
export type JobTiming = { readonly [Name in keyof typeof DEFAULT_JOB_TIMING]: number };
