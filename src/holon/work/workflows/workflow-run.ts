/**
 * How a run stands.
 *
 *     waiting --claimed--> running --body returned--> done
 *     running --sleep, waitFor--> sleeping --due--> running
 *     running --attempt failed--> waiting --due--> running
 *     running --body threw--> undoing --all undone--> undone
 *     running, undoing --cannot go on--> stuck --resume--> waiting, undoing
 */
export type RunState = "waiting" | "running" | "sleeping" | "undoing" | "done" | "undone" | "stuck";

/** What `tx.start` answers. */
export interface StartedRun {
  readonly runId: string;
  /** False if a run of the same key is there: one is kept until `runsKeptMs` (30 days) after its end. */
  readonly isNew: boolean;
}

/** A run as those see it who look at it. */
export interface WorkflowRun {
  readonly id: string;
  readonly state: RunState;
  /** Whether it may still do something by itself; a stuck one does not until it is resumed. */
  readonly isActive: boolean;
  /** Why it is undone, undoing or stuck. */
  readonly reason: string | undefined;
  /** What made it fail, where that was an error of its body. */
  readonly error: { readonly code: string; readonly message: string; readonly details?: unknown } | undefined;
  /** What its body answered. */
  readonly result: unknown;
}
