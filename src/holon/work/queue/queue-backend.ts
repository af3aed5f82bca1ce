import type { Queue } from "bullmq";
import type { Closable } from "../../kernel/lifecycle.ts";

/** A message as it is put on a queue. BullMQ calls it a job; a row of `holon_jobs` is something else. */
export interface QueuedJob {
  /** Chosen by the caller. The same id on the same queue is the same job, which is added once. Consists of letters, digits, `-` and `_`. */
  readonly id: string;
  readonly name: string;
  /** Must be JSON. */
  readonly data: object;
  readonly delayMs?: number;
  /** 1 is the most urgent; 0, the default, goes before all priorities. */
  readonly priority?: number;
}

/** One run of a job by a worker. */
export interface JobRun {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  /** How often a worker that held this job has died or lost it. */
  readonly stalledCount: number;
  /** Whether the job was over already, and an operator retried it in the dashboard. */
  readonly isRetry: boolean;
  /** Shows progress in the dashboard. */
  progress(value: object | number): Promise<void>;
}

/** How a worker takes jobs. */
export interface WorkOptions {
  /** How many jobs run at once. */
  readonly concurrency: number;
  /** At most `max` jobs start in `perMs` milliseconds. */
  readonly rate?: { readonly max: number; readonly perMs: number };
}

/** Works on a queue until it is closed. `close` lets running jobs finish. */
export interface QueueWorker extends Closable {
  /** Changes how many jobs run at once. */
  resize(concurrency: number): void;
  close(): Promise<void>;
}

/** How many jobs of a queue are in each state. */
export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

/**
 * What waits on a queue. A queue hands out its messages in order: more urgent ones first, and of equally urgent ones the one that came first. So of the
 * messages that are at least as urgent as `priority`, the queue has handed out all those that could be handed out more than `waitedMs` ago.
 */
export interface Backlog {
  /** For how long the next message, or a message whose delay has ended, could have been handed out; 0 if none waits. */
  readonly waitedMs: number;
  /** The priority of the next message; infinite if none waits. */
  readonly priority: number;
  /** The content of the next message; undefined if none waits. */
  readonly data: unknown;
}

/**
 * The store that holds the queues, Redis or Postgres. It is disposable: each event and each job on a queue can be added again from its row in Postgres, so losing the queues loses no
 * work.
 *
 * Errors: UNAVAILABLE - the backend cannot be reached. Callers try again, and nothing is lost.
 */
export interface QueueBackend extends Closable {
  readonly kind: "redis" | "postgres";
  /** Adds jobs in one round trip. */
  add(queue: string, jobs: readonly QueuedJob[]): Promise<void>;
  /** Runs the jobs of a queue. If the function throws, the job is marked failed, for the dashboard. Whether it is tried again is the caller's decision. */
  work(queue: string, options: WorkOptions, run: (job: JobRun) => Promise<unknown>): QueueWorker;
  depth(queue: string): Promise<QueueDepth>;
  backlog(queue: string): Promise<Backlog>;
  /** How long ago the oldest message that workers are handling was added, in milliseconds; 0 if workers handle none. */
  handlingMs(queue: string): Promise<number>;
  /** The BullMQ queue itself, for the dashboard. */
  inspect(queue: string): Queue;
  /** Whether the backend answered the last request. */
  readonly reachable: boolean;
  /** What fails, as a sentence for operators. It names the right that is missing, if that is the cause. Undefined while all works. */
  readonly fault: string | undefined;
  close(): Promise<void>;
}
