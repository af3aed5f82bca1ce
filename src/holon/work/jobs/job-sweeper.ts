import type { Closable } from "../../kernel/index.ts";
import { ReclaimGuard } from "../engine/reclaim-guard.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { QueueBackend, QueueDepth } from "../queue/queue-backend.ts";
import type { JobMap } from "./job.ts";
import { jobQueueName } from "./job-queues.ts";
import type { JobSender } from "./job-sender.ts";
import { type JobTable, SWEEP_COUNT } from "./job-table.ts";
import type { JobTiming } from "./job-timing.ts";

/** What {@link JobSweeper} needs. */
export interface JobSweeperParts extends TaskDeps {
  readonly context: string;
  readonly jobs: JobMap;
  readonly table: JobTable;
  readonly sender: JobSender;
  readonly backend: Pick<QueueBackend, "depth">;
  readonly timing: JobTiming;
}

/** Brings on their way again the jobs whose runner died and those that a queue lost. */
export class JobSweeper implements Closable {
  readonly #parts: JobSweeperParts;
  readonly #guard: ReclaimGuard;
  readonly #tasks: readonly Task[];
  #reclaiming: Promise<boolean> | undefined = undefined;
  #sweeping: Promise<boolean> | undefined = undefined;
  /** Queues that did not take jobs when they were last given some. */
  readonly #refusing = new Set<string>();
  #closed = false;

  constructor(parts: JobSweeperParts) {
    const everyMs = parts.timing.sweepMs;
    this.#parts = parts;
    this.#guard = new ReclaimGuard({ leaseMs: parts.timing.leaseMs, everyMs });
    // Apart: a queue that is slow to answer must not make gaps in the looks for the dead.
    this.#tasks = [
      new Task({ ...parts, task: "reclaim jobs of dead processes", everyMs, run: () => this.#reclaimOnce() }),
      new Task({ ...parts, task: "send overdue jobs again", everyMs, run: () => this.#sweepOnce() }),
    ];
    for (const task of this.#tasks) parts.wheel.add(task, parts.clock.monotonicMs() + everyMs);
  }

  /** Sweeps once; joins a sweep that is under way. Errors: the database's. */
  async sweep(): Promise<void> {
    if (this.#closed) return;
    await this.#reclaimOnce();
    await this.#sweepOnce();
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
    // The statement may get there much later, if the network held it back while nothing could be renewed.
    const names = await table.reclaim(nowMs + this.#guard.goodForMs);
    const jobs = [...new Set(names)].map((name) => `${context}.${name}`);
    if (names.length > 0)
      log.warn({ jobs, count: names.length }, "jobs were running in a process that died, or was frozen for longer than their lease");
    return names.length === SWEEP_COUNT;
  }

  async #sweep(): Promise<boolean> {
    await this.#resend();
    return false;
  }

  async #resend(): Promise<void> {
    const { table, sender, timing } = this.#parts;
    if (!sender.isReachable) return;
    const overdue = await table.overdue(Math.min(timing.resendLostMs, timing.resendAfterMs, timing.resendAnywayMs));
    for (const [queue, names] of this.#byQueue(overdue)) await this.#sendAgain(queue, names);
  }

  /** After a queue did not take jobs it is tried with one, until it takes that. */
  async #sendAgain(queue: string, names: readonly string[]): Promise<void> {
    const { table, sender, backend, timing } = this.#parts;
    const afterMs = overdueAfterMs(await backend.depth(queue).catch(() => UNKNOWN), timing);
    const jobs = await table.resend(names, afterMs, this.#refusing.has(queue) ? 1 : SWEEP_COUNT);
    if (jobs.length === 0) return;
    if ((await sender.send(jobs)).has(queue)) this.#refusing.add(queue);
    else this.#refusing.delete(queue);
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

/** A queue that cannot be asked is taken to be full. */
const UNKNOWN: QueueDepth = { waiting: 1, active: 1, delayed: 1, failed: 0 };

/** How long a job that was sent must have been due before it is sent again. */
function overdueAfterMs({ waiting, active, delayed }: QueueDepth, { resendLostMs, resendAfterMs, resendAnywayMs }: JobTiming): number {
  if (waiting + active + delayed === 0) return Math.min(resendLostMs, resendAfterMs, resendAnywayMs);
  // A queue that is only slow gets no second copy of all it holds; but a job that it lost must not wait for ever, however full it is.
  return waiting === 0 ? Math.min(resendAfterMs, resendAnywayMs) : resendAnywayMs;
}
