import type { Logger } from "../../kernel/log.ts";
import { Semaphore } from "../../kernel/semaphore.ts";
import type { Leases } from "../engine/leases.ts";
import type { JobMap } from "./job.ts";
import type { JobClaim } from "./job-claim.ts";
import { CRASHED, type JobTable } from "./job-table.ts";
import type { JobWrites } from "./job-writes.ts";
import type { RunAlone } from "./run-alone.ts";

interface IsolatedRunnerDeps {
  readonly context: string;
  readonly jobs: JobMap;
  readonly table: JobTable;
  readonly leases: Leases<JobClaim>;
  readonly runAlone: RunAlone;
  readonly leaseMs: number;
  readonly writes: JobWrites;
  readonly log: Logger;
}

/** How long a job waits after its child process could not be started. */
const UNSTARTED_WAIT_MS = 5_000;
/**
 * Time that the child gets beyond the job's timeout and a lease, to write how the run ended. While the database is away the child cannot write, and the lease
 * is lost before this time is over: the child is stopped then, and no death is counted.
 */
const SETTLE_MS = 5_000;

/**
 * Runs suspected jobs one after the other, each in a process of its own. The other jobs of the queue run at the same time, so suspected jobs hold up only each
 * other.
 *
 * I1. A job is claimed when its turn comes, not before. So its lease cannot end while it waits for its turn.
 * I2. A death of the child is counted only if the child had the job, see {@link AloneOutcome}. If the lease is lost or the process stops, the child is stopped
 *     and no death is counted.
 */
export class IsolatedRunner {
  readonly #deps: IsolatedRunnerDeps;
  readonly #turn = new Semaphore(1);
  readonly #added = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: IsolatedRunnerDeps) {
    this.#deps = deps;
  }

  /** Queues a job. A job that is queued already is not queued again. */
  add(id: string): void {
    if (this.#stop.signal.aborted || this.#added.has(id)) return;
    const ended = this.#turn
      .run(() => this.#run(id))
      .catch((error: unknown) => this.#deps.log.warn({ jobId: id, err: error }, "a job could not be run alone; the job waits until its lease ends"))
      .finally(() => this.#added.delete(id));
    this.#added.set(id, ended);
  }

  /** Stops the running child. Its job is given back. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#added.values());
  }

  async #run(id: string): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { table, leases, leaseMs } = this.#deps;
    // I1.
    const claim = await table.claim(id, leaseMs, true);
    if (claim === undefined) return;
    const lost = new AbortController();
    const lease = leases.hold(claim, claim.sinceMs, (reason) => lost.abort(reason));
    try {
      await this.#runClaimed(claim, AbortSignal.any([this.#stop.signal, lost.signal]));
    } finally {
      lease.release();
    }
  }

  async #runClaimed(claim: JobClaim, signal: AbortSignal): Promise<void> {
    const { context, jobs, table, runAlone, writes, leaseMs } = this.#deps;
    const timeoutMs = (jobs[claim.name]?.timeoutMs ?? 0) + leaseMs + SETTLE_MS;
    const outcome = await runAlone({ context, id: claim.id, attempt: claim.attempt, timeoutMs }, signal);
    // I2.
    if (outcome.kind === "unstarted") return writes.run(() => table.giveBack(claim, signal.aborted ? 0 : UNSTARTED_WAIT_MS));
    if (outcome.kind === "died") await this.#died(claim, outcome.how);
  }

  async #died(claim: JobClaim, how: string): Promise<void> {
    const { context, table, log, writes } = this.#deps;
    const { id, name } = claim;
    const state = await writes.run(() => table.diedAlone(claim));
    if (state === "failed") log.error({ job: `${context}.${name}`, jobId: id, how }, `a job failed for good: it ${CRASHED}`);
    else if (state === "waiting") log.warn({ job: `${context}.${name}`, jobId: id, how }, "a job killed the process in which it ran alone");
  }
}
