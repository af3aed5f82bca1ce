import type { Closable, Logger } from "../../kernel/index.ts";
import type { QueueBackend } from "../../queue/queue-backend.ts";
import type { JobMap } from "../job.ts";
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
    const { shelf, sender, timing, log } = this.#parts;
    const dead = await shelf.buryDead();
    if (dead.length > 0) log.warn({ jobs: dead.length }, "jobs were running in a process that died");
    const overdue = await shelf.overdue(timing.resendAfterMs);
    if (overdue.length > 0) {
      const lost = await this.#lost(overdue);
      await sender.send(await shelf.resend(lost, timing.resendAfterMs));
      // However full its queue is, a job that it lost must not wait for ever.
      await sender.send(await shelf.resend(overdue, timing.resendAnywayMs));
    }
    await shelf.removeOld(timing.doneKeptMs, timing.failedKeptMs);
  }

  /** Names of jobs whose queue has nothing waiting, and so must have lost them. A queue that is only slow gets no second copy of all it holds. */
  async #lost(names: readonly string[]): Promise<readonly string[]> {
    const { context, jobs, backend } = this.#parts;
    const empty = new Map<string, boolean>();
    for (const queue of new Set(names.map((name) => jobQueueName(context, name, jobs)))) {
      const depth = await backend.depth(queue).catch(() => undefined);
      empty.set(queue, depth?.waiting === 0);
    }
    return names.filter((name) => empty.get(jobQueueName(context, name, jobs)) === true);
  }
}
