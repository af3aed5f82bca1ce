import type { Closable, Logger } from "../../kernel/index.ts";
import type { JobClaim } from "./job-claim.ts";
import type { JobRuns } from "./job-runs.ts";

/** What {@link JobLeases} needs. */
export interface JobLeasesParts {
  readonly runs: JobRuns;
  readonly runBy: string;
  readonly leaseMs: number;
  readonly log: Logger;
}

/**
 * Keeps alive the leases of the runs that go on in this process. Of those alone: a claim that was written and not heard of, because the
 * database went away, must end like that of a dead runner.
 */
export class JobLeases implements Closable {
  readonly #held = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor({ runs, runBy, leaseMs, log }: JobLeasesParts) {
    this.#timer = setInterval(() => {
      if (this.#held.size === 0) return;
      runs
        .renew(runBy, [...this.#held], leaseMs)
        .catch((error: unknown) => log.warn({ err: error }, "the leases of running jobs could not be renewed"));
    }, leaseMs / 3);
    this.#timer.unref();
  }

  /** Renews the lease of a claim for as long as the work on it takes. */
  async during<Result>({ id }: JobClaim, work: () => Promise<Result>): Promise<Result> {
    this.#held.add(id);
    try {
      return await work();
    } finally {
      this.#held.delete(id);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
