import { type RetryDeps, retry } from "../../kernel/retry.ts";

interface JobWritesDeps extends RetryDeps {
  /** When the process stops: how long a write is repeated, from its first try. */
  readonly leaseMs: number;
}

const WAITS = { firstMs: 100, greatestMs: 2_000 };

/**
 * Repeats a write about a run until the database has accepted it. A write fails while the database is away or restarts, or while another session has locked the
 * row. If it were not repeated, a run that went well would count as a failure or a death.
 *
 * Each write is fenced: if it runs twice, or after another process took the job, it changes nothing. So it is repeated for any length of time, until the
 * process stops.
 */
export class JobWrites {
  readonly #deps: JobWritesDeps;
  #isStopping = false;

  constructor(deps: JobWritesDeps) {
    this.#deps = deps;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** From now on each write is repeated for the length of a lease at most. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Runs a write until it succeeds. Errors: an error that does not pass, at once; the last error, when the time is up. */
  run<Result>(write: () => Promise<Result>, forMs = Number.POSITIVE_INFINITY): Promise<Result> {
    const { clock, leaseMs } = this.#deps;
    const startedMs = clock.monotonicMs();
    const isOver = () => this.#isStopping && clock.monotonicMs() - startedMs >= leaseMs;
    return retry(this.#deps, { ...WAITS, forMs }, write, { isOver });
  }
}
