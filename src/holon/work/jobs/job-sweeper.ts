import type { Closable, Logger } from "../../kernel/index.ts";
import type { QueueBackend, QueueDepth } from "../queue/queue-backend.ts";
import type { JobMap } from "./job.ts";
import { jobQueueName } from "./job-queues.ts";
import type { JobSender } from "./job-sender.ts";
import type { JobShelf } from "./job-shelf.ts";
import type { JobTiming } from "./job-timing.ts";

/** What {@link JobSweeper} needs. */
export interface JobSweeperParts {
  readonly context: string;
  readonly jobs: JobMap;
  readonly shelf: JobShelf;
  readonly sender: JobSender;
  readonly backend: Pick<QueueBackend, "depth">;
  readonly timing: JobTiming;
  readonly log: Logger;
}

/** Brings on their way again the jobs whose runner died and those that a queue lost, and removes the old. */
export class JobSweeper implements Closable {
  readonly #parts: JobSweeperParts;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined = undefined;
  #closed = false;

  constructor(parts: JobSweeperParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      this.sweep().catch((error: unknown) => parts.log.warn({ err: error }, "jobs could not be swept; the next time they are"));
    }, parts.timing.sweepMs);
    this.#timer.unref();
  }

  /** Sweeps once; joins a sweep that is under way. Errors: the database's. */
  sweep(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#sweeping?.catch(() => {});
  }

  async #sweep(): Promise<void> {
    const { shelf, timing, log } = this.#parts;
    const dead = await shelf.buryDead();
    if (dead.length > 0) log.warn({ jobs: dead.length }, "jobs were running in a process that died");
    await this.#resend();
    await shelf.removeOld(timing.doneKeptMs, timing.failedKeptMs);
  }

  async #resend(): Promise<void> {
    const { shelf, sender, timing } = this.#parts;
    const soonMs = Math.min(timing.resendLostMs, timing.resendAfterMs);
    const overdue = await shelf.overdue(soonMs);
    if (overdue.length === 0) return;
    const depths = await this.#depths(overdue);
    const whose = (is: (depth: QueueDepth) => boolean): readonly string[] => overdue.filter((name) => is(depths.get(name) ?? UNKNOWN));
    await sender.send(await shelf.resend(whose(isIdle), soonMs));
    // A queue that is only slow gets no second copy of all it holds.
    await sender.send(await shelf.resend(whose(isEmpty), timing.resendAfterMs));
    // However full its queue is, a job that it lost must not wait for ever.
    await sender.send(await shelf.resend(overdue, timing.resendAnywayMs));
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
