import type { Closable } from "../../kernel/index.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { JobMap } from "./job.ts";
import type { JobGate } from "./job-gate.ts";
import { jobQueueName, type SendableJob } from "./job-queues.ts";
import type { JobRunner } from "./job-runner.ts";
import type { JobSender } from "./job-sender.ts";
import { type JobTable, SWEEP_COUNT } from "./job-table.ts";

/** What {@link LeftJobs} needs. */
export interface LeftJobsParts extends TaskDeps {
  readonly context: string;
  readonly jobs: JobMap;
  readonly table: JobTable;
  readonly sender: JobSender;
  readonly runner: JobRunner;
  /** Of the shared queue. */
  readonly gate: JobGate;
  /** How often it looks if nothing wakes it, once it was woken. */
  readonly everyMs: number;
}

/**
 * Takes up the jobs that processes of another version left, because they do not know them: when they say so.
 *
 * Those of the shared queue are run from their rows. On the queue the processes that left them would take them again, the more so while this one is busy.
 */
export class LeftJobs implements Closable {
  readonly #parts: LeftJobsParts;
  readonly #task: Task;
  readonly #shared: readonly string[];
  readonly #limited: readonly string[];
  readonly #running = new Set<Promise<void>>();
  #hasFailed = false;
  #isClosed = false;

  constructor(parts: LeftJobsParts) {
    const { context, jobs, everyMs } = parts;
    const isShared = (name: string): boolean => jobQueueName(context, name, jobs) === jobQueueName(context, "", {});
    this.#parts = parts;
    this.#shared = Object.keys(jobs).filter(isShared);
    this.#limited = Object.keys(jobs).filter((name) => !isShared(name));
    this.#task = new Task({ ...parts, task: "jobs that others left", everyMs, run: () => this.#take() });
  }

  wake(): void {
    if (!this.#isClosed) this.#task.wake();
  }

  /** Takes up nothing more, and lets what runs finish. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#task.close();
    await Promise.all(this.#running);
  }

  async #take(): Promise<boolean> {
    const { table, sender, gate } = this.#parts;
    // After a queue did not take jobs it tries one, until the queue takes that: a queue that refuses must not be asked in a loop.
    const count = this.#hasFailed ? 1 : SWEEP_COUNT;
    const limited = this.#limited.length === 0 || !sender.isReachable ? [] : await table.takeUnsent(this.#limited, count);
    if (limited.length > 0) this.#hasFailed = !(await sender.send(limited));
    const room = gate.freeCount;
    if (this.#shared.length > 0 && room > 0) for (const job of await table.takeUnsent(this.#shared, room)) this.#run(job);
    return !this.#hasFailed && limited.length === count;
  }

  /** What a run came to is written by its runner. */
  #run({ id, suspect }: SendableJob): void {
    const { runner, gate } = this.#parts;
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
