import { catalogueError, type HolonError, markOrigin, type RetryDeps, retry } from "../../kernel/index.ts";

/** What {@link JobWrites} is made from. */
export interface JobWritesOptions extends RetryDeps {
  /** How long writes are still repeated once the process stops. */
  readonly leaseMs: number;
}

const WAITS = { firstMs: 100, greatestMs: 2_000 };

/**
 * Repeats what is written of a run until the database has taken it: while it is away, restarts, or others hold the row. A run that went well must not count
 * as a failure or a death for that.
 *
 * Each write is fenced: written twice, or after another process took the job, it changes nothing. So it is repeated however long it takes, until the process stops.
 */
export class JobWrites {
  readonly #options: JobWritesOptions;
  #isStopping = false;

  constructor(options: JobWritesOptions) {
    this.#options = options;
  }

  /** From now on each write is repeated for the time of a lease at most. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Runs a write until it succeeds. Errors: one that does not pass, at once; the last one, once the time is up. */
  run<Result>(write: () => Promise<Result>, forMs = Number.POSITIVE_INFINITY): Promise<Result> {
    const { clock, leaseMs } = this.#options;
    const startedMs = clock.monotonicMs();
    const isOver = () => this.#isStopping && clock.monotonicMs() - startedMs >= leaseMs;
    return retry(this.#options, { ...WAITS, forMs }, write, { isOver });
  }
}

/** The row of a job is locked by another session, so that nothing could be written of it. It passes. */
export function rowIsLocked(): HolonError {
  return markOrigin(catalogueError("CONFLICT", "The row of the job is locked by another session."), { layer: "database", isPassing: true });
}
