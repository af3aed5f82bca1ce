/**
 * The state of a run.
 *
 *     waiting --claimed--> running --body returned--> done
 *     running --sleep, waitFor--> sleeping --due--> running
 *     running --attempt failed--> waiting --due--> running
 *     running --body threw--> undoing --all undone--> undone
 *     running, undoing --cannot go on--> stuck --resume--> waiting, undoing
 */
export type RunState = "waiting" | "running" | "sleeping" | "undoing" | "done" | "undone" | "stuck";

/** The answer of `tx.start`. */
export interface StartedRun {
  readonly runId: string;
  /** False if a run with the same key exists. A run is kept until `runsKeptMs` (30 days) after its end. */
  readonly isNew: boolean;
}

/** A run, as callers see it. */
export interface WorkflowRun {
  readonly id: string;
  readonly state: RunState;
  /** Whether it may still do something by itself. A stuck run does nothing until it is resumed. */
  readonly isActive: boolean;
  /** Why it is undone, undoing or stuck. */
  readonly reason: string | undefined;
  /** The error that made it fail, if it was an error of its body. */
  readonly error: { readonly code: string; readonly message: string; readonly details?: unknown } | undefined;
  /** The answer of its body. */
  readonly result: unknown;
}
