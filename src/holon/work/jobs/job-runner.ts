import type { Clock, Logger } from "../../kernel/index.ts";
import type { AloneLane } from "./alone-lane.ts";
import type { JobClaim } from "./job-claim.ts";
import type { JobExecutor, ShowProgress } from "./job-executor.ts";
import type { JobGate } from "./job-gate.ts";
import type { JobLeases } from "./job-leases.ts";
import type { JobLedger } from "./job-ledger.ts";
import { DEATHS_BEFORE_ALONE, type JobRuns } from "./job-runs.ts";
import type { JobSender } from "./job-sender.ts";
import { persistently } from "./persistently.ts";

/** What {@link JobRunner} needs. */
export interface JobRunnerParts {
  readonly runs: JobRuns;
  readonly executor: JobExecutor;
  readonly lane: AloneLane;
  readonly leases: JobLeases;
  readonly ledger: JobLedger;
  readonly sender: JobSender;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leaseMs: number;
}

/** How a queue hands out an address. */
export interface JobHandout {
  /** Whether it was over on its queue, and somebody asked for it once more there. */
  readonly isRetry: boolean;
  readonly show?: ShowProgress;
  /** Keeps the number of handlers of its queue. */
  readonly gate: JobGate;
}

/** Takes jobs by the addresses that queues hand out, as often as they like: whether one is to be run is decided by its row. */
export class JobRunner {
  readonly #parts: JobRunnerParts;
  readonly #ending = new Set<Promise<unknown>>();

  constructor(parts: JobRunnerParts) {
    this.#parts = parts;
  }

  /**
   * Runs a job where it is to be run here and now. Resolves when its handler is done; that is written with the claims of the next moment.
   *
   * Errors: what its handler threw, after that is written; for the dashboard.
   */
  async run(id: string, { isRetry, show, gate }: JobHandout): Promise<void> {
    const { runs, lane, clock, leaseMs } = this.#parts;
    // Who retries a job in the dashboard means the job, not this address of it. One that did not fail for good is left as it is.
    if (isRetry) await persistently(clock, leaseMs, () => runs.rerun(id));
    const claim = await this.#claim(id);
    if (claim === undefined) {
      const job = await runs.read(id);
      if (job?.state === "waiting" && job.deaths >= DEATHS_BEFORE_ALONE) lane.add(id);
      return;
    }
    if (!(await gate.enter())) return this.#passOn(claim);
    const startedMs = clock.monotonicMs();
    try {
      await this.#execute(claim, show);
    } finally {
      gate.leave(clock.monotonicMs() - startedMs);
    }
  }

  /** Resolves when every end is written, or given up. */
  async idle(): Promise<void> {
    await Promise.all(this.#ending);
  }

  async #passOn(claim: JobClaim): Promise<void> {
    const { runs, sender } = this.#parts;
    const job = await runs.passOn(claim);
    if (job !== undefined) await sender.send([job]);
  }

  #claim(id: string): Promise<JobClaim | undefined> {
    const { ledger, clock, leaseMs } = this.#parts;
    return persistently(clock, leaseMs, () => ledger.claim(id));
  }

  #execute(claim: JobClaim, show: ShowProgress | undefined): Promise<void> {
    const { executor, leases, log } = this.#parts;
    return new Promise((resolve, reject) => {
      const ending = leases
        .during(claim, () => executor.execute(claim, { show, onHandled: resolve }))
        .then(
          (outcome) => {
            if (outcome.kind === "again" || outcome.kind === "failed") reject(outcome.error);
            else resolve();
          },
          (error: unknown) => {
            log.warn({ jobId: claim.id, err: error }, "the end of a job could not be written; it waits for its lease to end");
            reject(error);
          },
        );
      this.#ending.add(ending);
      void ending.then(() => this.#ending.delete(ending));
    });
  }
}
