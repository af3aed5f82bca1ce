/** A job to be run in a process of its own. */
export interface AloneRequest {
  readonly context: string;
  readonly id: string;
  /** The attempt under which the parent holds the job. */
  readonly attempt: number;
  /** After this long, the child counts as hung. */
  readonly timeoutMs: number;
}

/**
 * The outcome of the child. `ended`: it has written how the job ended. `died`: it ended while it had the job. `unstarted`: it never had the job, which is not
 * the job's fault.
 */
export type AloneOutcome = { readonly kind: "ended" } | { readonly kind: "died" | "unstarted"; readonly how: string };

/** Runs one job in a process of its own. The signal stops that process, and the outcome is `unstarted` then. */
export type RunAlone = (request: AloneRequest, signal: AbortSignal) => Promise<AloneOutcome>;
