import type { Closable } from "../../kernel/lifecycle.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { JobMap } from "./job.ts";
import type { JobGate } from "./job-gate.ts";
import { jobQueueName, type SendableJob } from "./job-queues.ts";
import type { JobRunner } from "./job-runner.ts";
import type { JobSender } from "./job-sender.ts";
import { type JobTable, SWEEP_COUNT } from "./job-table.ts";

interface LeftJobsDeps extends TaskDeps {
  readonly context: string;
  readonly jobs: JobMap;
  readonly table: JobTable;
  readonly sender: JobSender;
  readonly runner: JobRunner;
  /** The gate of the shared queue. */
  readonly gate: JobGate;
  /** Time between two looks, after the first wake, if no other wake comes. */
  readonly everyMs: number;
}

/**
 * Runs the jobs that processes of another version left because they do not know them. Those processes notify this one.
 *
 * Jobs of the shared queue are run directly from their rows. If they were put on the queue, the processes that left them would take them again, most of all
 * while this one is busy.
 */
export class LeftJobs implements Closable {
  readonly #deps: LeftJobsDeps;
  readonly #task: Task;
  readonly #shared: readonly string[];
  readonly #limited: readonly string[];
  readonly #running = new Set<Promise<void>>();
  /** Queues that did not take jobs the last time. */
  readonly #refusing = new Set<string>();
  #isClosed = false;

  constructor(deps: LeftJobsDeps) {
    const { context, jobs, everyMs } = deps;
    this.#deps = deps;
    const isShared = (name: string): boolean => this.#queueOf(name) === jobQueueName(context, "", {});
    this.#shared = Object.keys(jobs).filter(isShared);
    this.#limited = Object.keys(jobs).filter((name) => !isShared(name));
    this.#task = new Task({ ...deps, task: "run jobs that other versions left", everyMs, run: () => this.#take() });
  }

  wake(): void {
    if (!this.#isClosed) this.#task.wake();
  }

  /** Takes nothing more, and lets running jobs finish. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#task.close();
    await Promise.all(this.#running);
  }

  async #take(): Promise<boolean> {
    const { table, gate } = this.#deps;
    const isMore = await this.#sendLimited();
    const room = gate.freeCount;
    if (this.#shared.length > 0 && room > 0) for (const job of await table.takeUnsent(this.#shared, room)) this.#run(job);
    return isMore;
  }

  /**
   * Puts jobs that were left, and that have a queue of their own, on that queue. A queue that did not take jobs is tried with a single job until it takes one:
   * it must not be tried in a loop, and must not hold up other queues. Returns whether there may be more jobs that a queue takes.
   */
  async #sendLimited(): Promise<boolean> {
    const { table, sender } = this.#deps;
    if (!sender.isReachable) return false;
    const open = this.#limited.filter((name) => !this.#refusing.has(this.#queueOf(name)));
    const tried = this.#limited.filter((name) => this.#refusing.has(this.#queueOf(name)));
    const jobs = open.length === 0 ? [] : await table.takeUnsent(open, SWEEP_COUNT);
    const isFull = jobs.length === SWEEP_COUNT;
    const singles = tried.length === 0 ? [] : await table.takeUnsent(tried, tried.length, 1);
    const refusing = await sender.send([...jobs, ...singles]);
    for (const { name } of singles) this.#refusing.delete(this.#queueOf(name));
    for (const queue of refusing) this.#refusing.add(queue);
    const wasTaken = ({ name }: SendableJob): boolean => !refusing.has(this.#queueOf(name));
    return (isFull && jobs.some(wasTaken)) || singles.some(wasTaken);
  }

  #queueOf(name: string): string {
    return jobQueueName(this.#deps.context, name, this.#deps.jobs);
  }

  /** Runs one job. The {@link JobRunner} writes the outcome. */
  #run({ id, suspect }: SendableJob): void {
    const { runner, gate } = this.#deps;
    const run = runner
      .run([id], { gate, isSuspect: suspect, isRetry: false })
      .catch(() => {})
      .finally(() => {
        this.#running.delete(run);
        this.wake();
      });
    this.#running.add(run);
  }
}
