/** The times and limits of the work on workflows. Units: milliseconds for times. */
export const DEFAULT_WORKFLOW_TIMING = {
  /** How long a process that does not renew its leases counts as alive. */
  leaseMs: 15_000,
  /** Time between two looks for due runs if no notification comes. */
  pollMs: 1_000,
  /** Time between two looks for runs that this process has no body for. */
  sweepMs: 60_000,
  /** How many runs one process works on at once, for each context. */
  concurrencyCount: 16,
  /** Longest wait between two attempts during which the run stays in this process. */
  heldWaitMs: 1_000,
  /** Attempts to undo a step, without those that failed because the callee was away. A `step.run` has as many as its own `retry` allows, if that is more. */
  undoAttemptsCount: 8,
  /**
   * Attempts to undo a step in all, including those that failed because the callee was away. They take about half an hour, so that a callee that is away can
   * come back.
   */
  undoAwayAttemptsCount: 120,
  /** After this many deaths without any progress, a run is stuck. */
  deathsCount: 5,
  /** How long a body may wait for a promise that is not a step before that is logged, and how long after that it is logged again. */
  bodyPatienceMs: 60_000,
  bodyReminderMs: 3_600_000,
  /** How long steps under way may take to end when the process stops. After that they are aborted, and their runs are given back. */
  graceMs: 20_000,
} as const;

/** {@link DEFAULT_WORKFLOW_TIMING}, with other values. */
export type WorkflowTiming = { readonly [Name in keyof typeof DEFAULT_WORKFLOW_TIMING]: number };

/** How steps are tried and undone if they do not say otherwise. */
export const DEFAULT_RETRY = { attempts: 8, firstMs: 200, greatestMs: 30_000 } as const;

/** Longest attempt of a step that does not say otherwise. */
export const DEFAULT_STEP_TIMEOUT_MS = 30_000;
