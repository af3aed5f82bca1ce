import type { Queue } from "bullmq";
import type { Closable } from "../../kernel/index.ts";

/** A job as it is put on a queue. */
export interface QueuedJob {
  /** Made by the caller; the same id on the same queue is the same job, and is added once. Letters, digits, `-` and `_`. */
  readonly id: string;
  readonly name: string;
  /** JSON. */
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
  /** How often a worker that held this job died or lost it before. */
  readonly stalledCount: number;
  /** Whether it was over already, and somebody asked for it once more in the dashboard. */
  readonly isRetry: boolean;
  /** Shown by the dashboard. */
  progress(value: object | number): Promise<void>;
}

/** How a worker takes jobs. */
export interface WorkOptions {
  /** Jobs at once. */
  readonly concurrency: number;
  /** At most `max` jobs in `perMs`. */
  readonly rate?: { readonly max: number; readonly perMs: number };
}

/** Works a queue until it is closed. `close` lets what runs finish. */
export interface QueueWorker extends Closable {
  /** Takes so many jobs at once from now on. */
  resize(concurrency: number): void;
  close(): Promise<void>;
}

/** How many jobs of a queue are in which state. */
export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

/**
 * Where queues live. Disposable: whatever is on a queue can be put there again from the outbox, so losing it loses nothing.
 *
 * Errors: UNAVAILABLE where the backend cannot be reached; callers try again, nothing is lost.
 */
export interface QueueBackend extends Closable {
  readonly kind: "redis" | "postgres";
  /** Adds jobs in one trip. */
  add(queue: string, jobs: readonly QueuedJob[]): Promise<void>;
  /** Takes jobs of a queue. What the function throws marks the job failed, for the dashboard; trying again is the caller's business. */
  work(queue: string, options: WorkOptions, run: (job: JobRun) => Promise<unknown>): QueueWorker;
  depth(queue: string): Promise<QueueDepth>;
  /** How long the oldest message that waits on a queue has waited, in milliseconds; 0 if none waits. */
  waitingMs(queue: string): Promise<number>;
  /** The BullMQ queue itself, for the dashboard. */
  inspect(queue: string): Queue;
  /** Whether the backend answered when last asked. */
  readonly reachable: boolean;
  /** What does not work, as a sentence for operators, with the right that is missing; undefined while all works. */
  readonly fault: string | undefined;
  close(): Promise<void>;
}
