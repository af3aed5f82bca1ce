import type { Clock } from "../../kernel/index.ts";
import type { AloneLane } from "./alone-lane.ts";
import type { JobExecutor, ShowProgress } from "./job-executor.ts";
import type { JobLeases } from "./job-leases.ts";
import { DEATHS_BEFORE_ALONE, type JobRuns } from "./job-runs.ts";
import { persistently } from "./persistently.ts";

/** What {@link JobRunner} needs. */
export interface JobRunnerParts {
  readonly runs: JobRuns;
  readonly executor: JobExecutor;
  readonly lane: AloneLane;
  readonly leases: JobLeases;
  readonly clock: Clock;
  readonly runBy: string;
  readonly leaseMs: number;
}

/** How a queue hands out an address. */
export interface JobHandout {
  /** Whether it was over on its queue, and somebody asked for it once more there. */
  readonly isRetry: boolean;
  readonly show?: ShowProgress;
}

/** Takes jobs by the addresses that queues hand out, as often as they like: whether one is to be run is decided by its row. */
export class JobRunner {
  readonly #parts: JobRunnerParts;

  constructor(parts: JobRunnerParts) {
    this.#parts = parts;
  }

  /** Runs a job where it is to be run here and now. Errors: what its handler threw, after that is written; for the dashboard. */
  async run(id: string, { isRetry, show }: JobHandout): Promise<void> {
    const { runs, executor, lane, leases, clock, runBy, leaseMs } = this.#parts;
    // Who retries a job in the dashboard means the job, not this address of it. One that did not fail for good is left as it is.
    if (isRetry) await persistently(clock, leaseMs, () => runs.rerun(id));
    const claim = await persistently(clock, leaseMs, () => runs.claim(id, runBy, leaseMs, false));
    if (claim === undefined) {
      const job = await runs.read(id);
      if (job?.state === "waiting" && job.deaths >= DEATHS_BEFORE_ALONE) lane.add(id);
      return;
    }
    const outcome = await leases.during(claim, () => executor.execute(claim, show));
    if (outcome.kind === "again" || outcome.kind === "failed") throw outcome.error;
  }
}
