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
  #hasFailed = false;
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
    const soonMs = Math.min(timing.resendLostMs, timing.resendAfterMs);
    const overdue = await table.overdue(soonMs);
    if (overdue.length === 0) return;
    const depths = await this.#depths(overdue);
    const whose = (is: (depth: QueueDepth) => boolean): readonly string[] => overdue.filter((name) => is(depths.get(name) ?? UNKNOWN));
    if (!(await this.#sendAgain(whose(isIdle), soonMs))) return;
    // A queue that is only slow gets no second copy of all it holds.
    if (!(await this.#sendAgain(whose(isEmpty), timing.resendAfterMs))) return;
    // However full its queue is, a job that it lost must not wait for ever.
    await this.#sendAgain(overdue, timing.resendAnywayMs);
  }

  /** After queues did not take jobs it tries one, until they take that. Returns whether they took all. */
  async #sendAgain(names: readonly string[], afterMs: number): Promise<boolean> {
    const { table, sender } = this.#parts;
    const jobs = await table.resend(names, afterMs, this.#hasFailed ? 1 : SWEEP_COUNT);
    if (jobs.length === 0) return true;
    this.#hasFailed = !(await sender.send(jobs));
    return !this.#hasFailed;
  }

  /** How full the queues of these jobs are, by the name of the job. */
  async #depths(names: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    const { context, jobs, backend } = this.#parts;
    const byQueue = new Map<string, QueueDepth>();
    const depths = new Map<string, QueueDepth>();
    for (const name of names) {
      const queue = jobQueueName(context, name, jobs);
      const depth = byQueue.get(queue) ?? (await backend.depth(queue).catch(() => UNKNOWN));
      byQueue.set(queue, depth);
      depths.set(name, depth);
    }
    return depths;
  }
}

/** A queue that cannot be asked is taken to be full. */
const UNKNOWN: QueueDepth = { waiting: 1, active: 1, delayed: 1, failed: 0 };

function isEmpty({ waiting }: QueueDepth): boolean {
  return waiting === 0;
}

function isIdle({ waiting, active, delayed }: QueueDepth): boolean {
  return waiting + active + delayed === 0;
}
