/** The times and bounds of the machinery of workflows; times in milliseconds. */
export const DEFAULT_WORKFLOW_TIMING = {
  /** How long a runner that is not heard of is taken to be alive. */
  leaseMs: 15_000,
  /** Between two looks for runs that are due, where nobody says that there are some. */
  pollMs: 1_000,
  /** Between two looks for runs that this process has no body for. */
  sweepMs: 60_000,
  /** Runs at once in one process and context. */
  concurrencyCount: 16,
  /** Longest wait between two attempts that keeps the run in this process. */
  heldWaitMs: 1_000,
  /** Attempts to undo a step whose undo fails; more for a `step.run` whose own `retry` has more. */
  undoAttemptsCount: 8,
  /** Attempts to undo a step, counted together with those that failed because the callee was away: about half an hour of waiting, for who is away comes back. */
  undoAwayAttemptsCount: 120,
  /** Deaths of runners without any progress, after which a run is stuck. */
  deathsCount: 5,
  /** How long a body may wait for what is not a step before that is said, and after how long it is said again. */
  bodyPatienceMs: 60_000,
  bodyReminderMs: 3_600_000,
  /** How long steps under way may take to finish at stop; then they are aborted, and their runs given back. */
  graceMs: 20_000,
} as const;

/** {@link DEFAULT_WORKFLOW_TIMING}, some with another value. */
export type WorkflowTiming = { readonly [Name in keyof typeof DEFAULT_WORKFLOW_TIMING]: number };

/** How steps are tried and undone where they do not say otherwise. */
export const DEFAULT_RETRY = { attempts: 8, firstMs: 200, greatestMs: 30_000 } as const;

/** Longest attempt of a step that does not say otherwise. */
export const DEFAULT_STEP_TIMEOUT_MS = 30_000;
