/** A job that is to be run in a process of its own. */
export interface AloneRequest {
  readonly context: string;
  readonly id: string;
  /** The attempt under which the parent holds it. */
  readonly attempt: number;
  /** After which the child does not count as working any more. */
  readonly timeoutMs: number;
}

/**
 * What became of the child: it `ended` having written how the job ended, it `died` while it had the job, or it never got as far as that
 * (`unstarted`), which is not the job's fault.
 */
export type AloneOutcome = { readonly kind: "ended" } | { readonly kind: "died" | "unstarted"; readonly how: string };

/** Runs one job in a process of its own. The signal stops it; that is `unstarted`. */
export type RunAlone = (request: AloneRequest, signal: AbortSignal) => Promise<AloneOutcome>;
