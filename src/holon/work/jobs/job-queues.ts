import type { QueuedJob, WorkOptions } from "../../queue/queue-backend.ts";
import type { JobMap } from "../job.ts";

/** Jobs of the shared queue that run at once in one process. */
const SHARED_CONCURRENCY = 10;

/** A queue of a context and how it is worked. */
export interface JobQueue {
  readonly queue: string;
  readonly options: WorkOptions;
}

/** The queue of a job: its context's, or its own where it declares how many may run, for queues are limited as a whole. */
export function jobQueueName(context: string, name: string, jobs: JobMap): string {
  const spec = jobs[name];
  return spec?.concurrency === undefined && spec?.rate === undefined ? `jobs.${context}` : `jobs.${context}.${name}`;
}

/** All queues of a context. */
export function jobQueues(context: string, jobs: JobMap): readonly JobQueue[] {
  const own = Object.entries(jobs).flatMap(([name, { concurrency = SHARED_CONCURRENCY, rate }]) => {
    const queue = jobQueueName(context, name, jobs);
    return queue === `jobs.${context}` ? [] : [{ queue, options: rate === undefined ? { concurrency } : { concurrency, rate } }];
  });
  return [{ queue: `jobs.${context}`, options: { concurrency: SHARED_CONCURRENCY } }, ...own];
}

/** A job that is to be put on its queue. */
export interface SendableJob {
  readonly id: string;
  readonly name: string;
  /** How often it has been put on a queue, this time included. */
  readonly sent_count: number;
  /** Milliseconds until it may run. */
  readonly delay_ms: number;
  readonly priority: number | null;
}

/** What travels: the address of the row, under an id that the queue has not seen. */
export function toQueued(job: SendableJob): QueuedJob {
  return {
    id: `${job.id}-${job.sent_count}`,
    name: job.name,
    data: { id: job.id },
    ...(job.delay_ms > 0 ? { delayMs: Math.ceil(job.delay_ms) } : {}),
    ...(job.priority === null ? {} : { priority: job.priority }),
  };
}
