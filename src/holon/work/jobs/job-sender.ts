import type { Logger } from "../../kernel/index.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import type { JobMap } from "./job.ts";
import { jobQueueName, type SendableJob, type SendOptions, toQueued } from "./job-queues.ts";
import type { JobShelf } from "./job-shelf.ts";

/** What {@link JobSender} needs. */
export interface JobSenderParts {
  readonly context: string;
  readonly jobs: JobMap;
  readonly shelf: JobShelf;
  /** Undefined in a process that reaches no queue: the sweeper of another one sends. */
  readonly backend: Pick<QueueBackend, "add"> | undefined;
  readonly log: Logger;
}

/** Puts jobs on their queues. A queue that cannot be reached loses nothing: what it did not take is sent again by the sweeper. */
export class JobSender {
  readonly #parts: JobSenderParts;

  constructor(parts: JobSenderParts) {
    this.#parts = parts;
  }

  async send(jobs: readonly SendableJob[], options: SendOptions = {}): Promise<void> {
    const { context, jobs: specs } = this.#parts;
    const byQueue = new Map<string, SendableJob[]>();
    for (const job of jobs) {
      const queue = jobQueueName(context, job.name, specs);
      const others = byQueue.get(queue);
      if (others === undefined) byQueue.set(queue, [job]);
      else others.push(job);
    }
    for (const [queue, own] of byQueue) await this.#add(queue, own, options);
  }

  async #add(queue: string, jobs: readonly SendableJob[], options: SendOptions): Promise<void> {
    const { backend, shelf, log, jobs: specs } = this.#parts;
    // A queue counts messages where it limits a rate.
    const singly = options.singly === true || jobs.some(({ name }) => specs[name]?.rate !== undefined);
    try {
      if (backend !== undefined) return await backend.add(queue, toQueued(jobs, { singly }));
    } catch (error) {
      log.warn({ queue, jobs: jobs.length, err: error }, "a queue did not take jobs; they are sent again later");
    }
    await shelf.unsent(jobs.map(({ id }) => id));
  }
}
