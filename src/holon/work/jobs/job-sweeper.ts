import type { Closable } from "../../kernel/lifecycle.ts";
import { ReclaimGuard } from "../engine/reclaim-guard.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { QueueBackend, QueueDepth } from "../queue/queue-backend.ts";
import type { JobMap } from "./job.ts";
import { jobQueueName } from "./job-queues.ts";
import type { JobSender } from "./job-sender.ts";
import { type JobTable, SWEEP_COUNT } from "./job-table.ts";
import type { JobTiming } from "./job-timing.ts";

interface JobSweeperParts extends TaskDeps {
  readonly context: string;
  readonly jobs: JobMap;
  readonly table: JobTable;
  readonly sender: JobSender;
  readonly backend: Pick<QueueBackend, "depth">;
  readonly timing: JobTiming;
}

/**
 * Sends jobs again whose runner died, or which a queue lost.
 *
 * I1. After a gap between its looks at the database, no death is counted for the time of one lease, see {@link ReclaimGuard}.
 * I2. A job that a queue may still have is sent again only after a time that depends on the queue's length, see `overdueAfterMs`: a slow queue gets no second
 *     copy of all it holds.
 * I3. A queue that refuses jobs is tried with one job in each sweep, until it takes that.
 */
export class JobSweeper implements Closable {
  readonly #parts: JobSweeperParts;
  readonly #guard: ReclaimGuard;
  readonly #tasks: readonly Task[];
  #reclaiming: Promise<boolean> | undefined = undefined;
  #sweeping: Promise<boolean> | undefined = undefined;
  /** I3. Queues that did not take jobs the last time. */
  readonly #refusing = new Set<string>();
  /** For each queue that lost its jobs and gets them again page by page: since when it was idle. */
  #idleAtMs = new Map<string, number>();
  #closed = false;

  constructor(parts: JobSweeperParts) {
    const everyMs = parts.timing.sweepMs;
    this.#parts = parts;
    this.#guard = new ReclaimGuard({ leaseMs: parts.timing.leaseMs, everyMs });
    // Two tasks, so that a queue that is slow to answer makes no gaps in the looks for dead processes.
    this.#tasks = [
      new Task({ ...parts, task: "reclaim jobs of dead processes", everyMs, run: () => this.#reclaimOnce() }),
      new Task({ ...parts, task: "send overdue jobs again", everyMs, run: () => this.#sweepOnce() }),
    ];
    for (const task of this.#tasks) parts.wheel.add(task, parts.clock.monotonicMs() + everyMs);
  }

  /** Sweeps until nothing is left to do. Joins a sweep that is running. Errors: those of the database. */
  async sweep(): Promise<void> {
    if (this.#closed) return;
    await this.#reclaimOnce();
    while (!this.#closed && (await this.#sweepOnce()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#tasks.map((task) => task.close()));
    await Promise.allSettled([this.#reclaiming, this.#sweeping]);
  }

  #reclaimOnce(): Promise<boolean> {
    this.#reclaiming ??= this.#reclaim().finally(() => {
      this.#reclaiming = undefined;
    });
    return this.#reclaiming;
  }

  #sweepOnce(): Promise<boolean> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #reclaim(): Promise<boolean> {
    const { context, table, log } = this.#parts;
    const nowMs = await table.now();
    if (!this.#guard.looked(nowMs)) return false;
    // I1. The statement may arrive much later, if the network held it back while no process could renew.
    const names = await table.reclaim(nowMs + this.#guard.goodForMs);
    const jobs = [...new Set(names)].map((name) => `${context}.${name}`);
    if (names.length > 0)
      log.warn({ jobs, count: names.length }, "jobs were running in a process that died, or was frozen for longer than their lease");
    return names.length === SWEEP_COUNT;
  }

  /** Returns whether a queue that lost its jobs takes more of them at once. */
  async #sweep(): Promise<boolean> {
    const { table, sender, timing } = this.#parts;
    const idleAtMs = this.#idleAtMs;
    this.#idleAtMs = new Map();
    if (!sender.isReachable) return false;
    const overdue = await table.overdue(Math.min(timing.resendLostMs, timing.resendAfterMs, timing.resendAnywayMs));
    for (const [queue, names] of this.#byQueue(overdue)) await this.#sendAgain(queue, names, idleAtMs.get(queue));
    return this.#idleAtMs.size > 0;
  }

  /** I3. Sends overdue jobs of a queue again. */
  async #sendAgain(queue: string, names: readonly string[], wasIdleAtMs: number | undefined): Promise<void> {
    const { table, sender, backend, timing, clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    const depth = wasIdleAtMs === undefined ? await backend.depth(queue).catch(() => UNKNOWN) : IDLE;
    const idleAtMs = wasIdleAtMs ?? (isIdle(depth) ? nowMs : undefined);
    // All that was sent before the queue was idle is lost. That stays true when the queue has got the first pages of it again.
    const afterMs = overdueAfterMs(depth, timing) + nowMs - (idleAtMs ?? nowMs);
    const jobs = await table.resend(names, afterMs, this.#refusing.has(queue) ? 1 : SWEEP_COUNT);
    if (jobs.length === 0) return;
    const isRefused = (await sender.send(jobs)).has(queue);
    if (isRefused) this.#refusing.add(queue);
    else this.#refusing.delete(queue);
    if (!isRefused && idleAtMs !== undefined && jobs.length === SWEEP_COUNT) this.#idleAtMs.set(queue, idleAtMs);
  }

  #byQueue(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
    const { context, jobs } = this.#parts;
    const byQueue = new Map<string, string[]>();
    for (const name of names) {
      const queue = jobQueueName(context, name, jobs);
      byQueue.set(queue, [...(byQueue.get(queue) ?? []), name]);
    }
    return byQueue;
  }
}

/** If the queue cannot be asked, it counts as full. */
const UNKNOWN: QueueDepth = { waiting: 1, active: 1, delayed: 1, failed: 0 };

const IDLE: QueueDepth = { waiting: 0, active: 0, delayed: 0, failed: 0 };

function isIdle({ waiting, active, delayed }: QueueDepth): boolean {
  return waiting + active + delayed === 0;
}

/** I2. How long a job that was sent must have been due before it is sent again. */
function overdueAfterMs(depth: QueueDepth, { resendLostMs, resendAfterMs, resendAnywayMs }: JobTiming): number {
  if (isIdle(depth)) return Math.min(resendLostMs, resendAfterMs, resendAnywayMs);
  // A queue that is only slow gets no second copy of all it holds. But a job that the queue lost must not wait for ever, however full the queue is.
  return depth.waiting === 0 ? Math.min(resendAfterMs, resendAnywayMs) : resendAnywayMs;
}
