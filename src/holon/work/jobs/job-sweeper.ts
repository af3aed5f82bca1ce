import type { Closable } from "../../kernel/lifecycle.ts";
import { ReclaimGuard } from "../engine/reclaim-guard.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import { HandedOut, type LostWork } from "../queue/handed-out.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import type { JobMap } from "./job.ts";
import { jobQueueName, toJobMessage } from "./job-queues.ts";
import type { JobSender } from "./job-sender.ts";
import { type JobTable, SWEEP_COUNT } from "./job-table.ts";
import type { JobTiming } from "./job-timing.ts";

interface JobSweeperDeps extends TaskDeps {
  readonly context: string;
  readonly jobs: JobMap;
  readonly table: JobTable;
  readonly sender: JobSender;
  readonly backend: Pick<QueueBackend, "depth" | "backlog">;
  readonly timing: JobTiming;
}

/**
 * Sends jobs again if their process died, or if a queue lost them.
 *
 * I1. After a gap between its looks at the database, no death is counted for the time of one lease, see {@link ReclaimGuard}.
 * I2. A job that a queue may still have is not sent again, however long it waits there, see {@link HandedOut}: each copy would be one more message, and would
 *     be handed out for nothing.
 * I3. A queue that refuses jobs is tried with one job in each sweep, until it takes one.
 */
export class JobSweeper implements Closable {
  readonly #deps: JobSweeperDeps;
  readonly #guard: ReclaimGuard;
  readonly #tasks: readonly Task[];
  #reclaiming: Promise<boolean> | undefined = undefined;
  #sweeping: Promise<boolean> | undefined = undefined;
  /** I3. Queues that did not take jobs the last time. */
  readonly #refusing = new Set<string>();
  /** For each queue that lost its jobs and gets them again page by page: the moment at which it was found idle. */
  #idleAtMs = new Map<string, number>();
  /** I2. What each queue has handed out, by the name of the queue. */
  readonly #handedOut = new Map<string, HandedOut>();
  #closed = false;

  constructor(deps: JobSweeperDeps) {
    const everyMs = deps.timing.sweepMs;
    this.#deps = deps;
    this.#guard = new ReclaimGuard({ leaseMs: deps.timing.leaseMs, everyMs });
    // Two tasks, so that a queue that is slow to answer makes no gaps in the looks for dead processes.
    this.#tasks = [
      new Task({ ...deps, task: "reclaim jobs of dead processes", everyMs, run: () => this.#reclaimOnce() }),
      new Task({ ...deps, task: "send overdue jobs again", everyMs, run: () => this.#sweepOnce() }),
    ];
    for (const task of this.#tasks) deps.timers.add(task, deps.clock.monotonicMs() + everyMs);
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
    const { context, table, log } = this.#deps;
    const nowMs = await table.now();
    if (!this.#guard.looked(nowMs)) return false;
    // I1. After a time limit the statement does nothing: the network may have delayed it, and processes may not have been able to renew in that time.
    const names = await table.reclaim(nowMs + this.#guard.goodForMs);
    const jobs = [...new Set(names)].map((name) => `${context}.${name}`);
    if (names.length > 0)
      log.warn({ jobs, count: names.length }, "jobs were running in a process that died, or was frozen for longer than their lease");
    return names.length === SWEEP_COUNT;
  }

  /** Returns whether there is a queue that lost its jobs and can take more of them right away. */
  async #sweep(): Promise<boolean> {
    const { table, sender, timing } = this.#deps;
    const idleAtMs = this.#idleAtMs;
    this.#idleAtMs = new Map();
    if (!sender.isReachable) return false;
    const overdue = await table.overdue(soonestMs(timing));
    for (const [queue, names] of this.#byQueue(overdue)) await this.#sendAgain(queue, names, idleAtMs.get(queue));
    return this.#idleAtMs.size > 0;
  }

  /** I3. Sends overdue jobs of a queue again. */
  async #sendAgain(queue: string, names: readonly string[], wasIdleAtMs: number | undefined): Promise<void> {
    const { table, sender, timing, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const idleAtMs = wasIdleAtMs ?? ((await this.#isIdle(queue)) ? nowMs : undefined);
    // All jobs that were sent before the queue was idle are lost. That stays true when the queue has got the first pages of them again.
    const lost = idleAtMs === undefined ? await this.#lostOn(queue) : { forMs: soonestMs(timing) + nowMs - idleAtMs, priority: ANY_PRIORITY };
    const count = this.#refusing.has(queue) ? 1 : SWEEP_COUNT;
    const jobs = await (lost === undefined ? table.takeUnsent(names, count) : table.resend(names, lost, count));
    if (jobs.length === 0) return;
    const isRefused = (await sender.send(jobs)).has(queue);
    if (isRefused) this.#refusing.add(queue);
    else this.#refusing.delete(queue);
    if (!isRefused && idleAtMs !== undefined && jobs.length === SWEEP_COUNT) this.#idleAtMs.set(queue, idleAtMs);
  }

  /** Whether a queue is empty, and no worker runs a message of it. */
  async #isIdle(queue: string): Promise<boolean> {
    const depth = await this.#deps.backend.depth(queue).catch(() => undefined);
    return depth !== undefined && depth.waiting + depth.active + depth.delayed === 0;
  }

  /** I2. Which of the jobs that were sent to a queue count as lost. Undefined if that is not known yet. */
  async #lostOn(queue: string): Promise<LostWork | undefined> {
    const { backend, table, timing, clock } = this.#deps;
    const atMs = clock.monotonicMs();
    const backlog = await backend.backlog(queue).catch(() => undefined);
    if (backlog === undefined) return { forMs: timing.resendAnywayMs, priority: ANY_PRIORITY };
    const { ids } = toJobMessage(backlog.data);
    // The rows also say how long these jobs have waited, by the clock of the database. The clock of the process that added the message may be wrong.
    const next = ids.length === 0 ? [] : [...(await table.standing(ids)).values()];
    const waitedMs = Math.max(backlog.waitedMs, ...next.map(({ idle_ms }) => idle_ms));
    const handedOut = this.#handedOut.get(queue) ?? new HandedOut(timing.resendAfterMs / 2);
    this.#handedOut.set(queue, handedOut);
    handedOut.note({ ...backlog, waitedMs }, atMs);
    return handedOut.lostAt(clock.monotonicMs());
  }

  #byQueue(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
    const { context, jobs } = this.#deps;
    const byQueue = new Map<string, string[]>();
    for (const name of names) {
      const queue = jobQueueName(context, name, jobs);
      byQueue.set(queue, [...(byQueue.get(queue) ?? []), name]);
    }
    return byQueue;
  }
}

const ANY_PRIORITY = Number.POSITIVE_INFINITY;

/** How long a job that was sent must have been due before it can count as lost. */
function soonestMs({ resendLostMs, resendAfterMs, resendAnywayMs }: JobTiming): number {
  return Math.min(resendLostMs, resendAfterMs, resendAnywayMs);
}
