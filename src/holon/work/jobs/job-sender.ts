import type { Logger } from "../../kernel/log.ts";
import type { LeftWork } from "../left-work.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import type { JobMap } from "./job.ts";
import { jobQueueName, type SendableJob, toQueued } from "./job-queues.ts";
import type { OutboxPlace } from "./job-statements.ts";
import type { JobTable } from "./job-table.ts";

interface JobSenderDeps {
  readonly context: string;
  readonly jobs: JobMap;
  readonly table: JobTable;
  /** Undefined in a process that reaches no queue: the sweeper of another process sends the jobs. */
  readonly backend: Pick<QueueBackend, "add" | "reachable"> | undefined;
  readonly log: Logger;
}

/** Puts jobs on their queues. If a queue cannot be reached, nothing is lost: the sweeper sends its jobs again. */
export class JobSender {
  readonly #deps: JobSenderDeps;

  constructor(deps: JobSenderDeps) {
    this.#deps = deps;
  }

  /** Whether jobs can be put on a queue now. While they cannot, no job should be marked as sent: its row would be written twice for nothing. */
  get isReachable(): boolean {
    return this.#deps.backend?.reachable === true;
  }

  /** Returns the queues that did not take their jobs. Does not fail: a sweeper sends those jobs again. With `singly`, each job gets its own message. */
  async send(jobs: readonly SendableJob[], { singly = false }: { readonly singly?: boolean } = {}): Promise<ReadonlySet<string>> {
    const { context, jobs: specs } = this.#deps;
    const byQueue = new Map<string, SendableJob[]>();
    for (const job of jobs) {
      const queue = jobQueueName(context, job.name, specs);
      const others = byQueue.get(queue);
      if (others === undefined) byQueue.set(queue, [job]);
      else others.push(job);
    }
    const refusing = new Set<string>();
    for (const [queue, own] of byQueue) if (!(await this.#add(queue, own, singly))) refusing.add(queue);
    return refusing;
  }

  async #add(queue: string, jobs: readonly SendableJob[], isSingly: boolean): Promise<boolean> {
    const { backend, table, log, jobs: specs } = this.#deps;
    // A queue with a rate counts messages, so each job needs its own.
    const singly = isSingly || jobs.some(({ name }) => specs[name]?.rate !== undefined);
    try {
      if (backend?.reachable === true) {
        await backend.add(queue, toQueued(jobs, { singly }));
        return true;
      }
    } catch (error) {
      log.warn({ queue, jobs: jobs.length, err: error }, "a queue did not take jobs; they are sent again later");
    }
    try {
      await table.unsent(jobs.map(({ id }) => id));
    } catch (error) {
      // Nothing is thrown here: what the caller wrote before is committed, and must not seem to fail. The rows still say that the jobs were sent, so the jobs
      // become overdue after a while.
      log.warn(
        { queue, jobs: jobs.length, err: error },
        "a queue did not take jobs, and their rows could not be changed to say so; the sweeper sends them again later",
      );
    }
    return false;
  }
}

interface JobDispatcherDeps {
  readonly table: JobTable;
  readonly sender: JobSender;
  readonly left: LeftWork;
  /** Notifies other processes that there are jobs which this process does not know. */
  readonly tellOthers: () => void;
}

/** Takes over the jobs of outbox rows, and sends them. */
export type JobDispatcher = (rows: readonly OutboxPlace[]) => Promise<void>;

/**
 * Returns the function that the publisher of the outbox calls with rows of kind `job`. The publisher holds the rows by a lease, not in an open transaction.
 *
 * When the function resolves, the rows are settled: their jobs are in `holon_jobs`, and either on their queues or to be sent by the sweeper of a process that
 * knows them.
 * Guarantee: dispatching a row again does nothing. Errors: UNAVAILABLE - nothing was taken over.
 */
export function createJobDispatcher({ table, sender, left, tellOthers }: JobDispatcherDeps): JobDispatcher {
  return async (rows) => {
    if (rows.length === 0) return;
    const ids = rows.map(({ id }) => id);
    const sendable = await table.takeOver(rows);
    await sender.send(sendable);
    if (sendable.length === ids.length) return;
    const [unknown, unreadable] = await Promise.all([table.unknown(ids), table.unreadable(rows)]);
    for (const { name, count } of unreadable) left.note("delay", name, count);
    if (unknown.length > 0) tellOthers();
    for (const { name, count } of unknown) left.note("job", name, count);
  };
}
