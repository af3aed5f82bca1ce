import type { QueuedJob, WorkOptions } from "../queue/queue-backend.ts";
import type { JobMap } from "./job.ts";

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

/** All queues of a context, the shared one first. */
export function jobQueues(context: string, jobs: JobMap): readonly [JobQueue, ...JobQueue[]] {
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
  /** Whether it was running in a process that died. */
  readonly suspect: boolean;
}

/** Most jobs that one message of a queue names. More of them win little, and are more to hand on where one turns out to take long. */
const MESSAGE_COUNT = 10;

/** How jobs travel. */
export interface SendOptions {
  /** Each in a message of its own. */
  readonly singly?: boolean;
}

/**
 * What travels: addresses of rows, several in a message where they are due now and alike, for a message costs a queue more than a row costs the database. Each
 * message has an id that the queue has not seen.
 */
export function toQueued(jobs: readonly SendableJob[], { singly = false }: SendOptions = {}): readonly QueuedJob[] {
  const alike = new Map<string, SendableJob[]>();
  for (const job of jobs) {
    const likeness = singly || job.suspect || job.delay_ms > 0 ? job.id : `${job.name} ${job.priority}`;
    const others = alike.get(likeness);
    if (others === undefined) alike.set(likeness, [job]);
    else others.push(job);
  }
  return [...alike.values()].flatMap((same) =>
    Array.from({ length: Math.ceil(same.length / MESSAGE_COUNT) }, (_, page) =>
      toMessage(same.slice(page * MESSAGE_COUNT, (page + 1) * MESSAGE_COUNT)),
    ),
  );
}

/** What a message says. */
export interface JobMessage {
  readonly ids: readonly string[];
  readonly isSuspect: boolean;
  /** Whether all of it was understood. */
  readonly isWhole: boolean;
}

/** One address that is none would fail the claims of all that are claimed with it. */
const ADDRESS = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Reads a message. What is not an address in it is left out. */
export function toJobMessage(data: unknown): JobMessage {
  const { ids: said, suspect } = (data ?? {}) as { readonly ids?: unknown; readonly suspect?: unknown };
  const ids = Array.isArray(said) ? said.filter((id): id is string => typeof id === "string" && ADDRESS.test(id)) : [];
  return { ids, isSuspect: suspect === true, isWhole: Array.isArray(said) && ids.length === said.length };
}

function toMessage(jobs: readonly SendableJob[]): QueuedJob {
  const { id, name, sent_count, delay_ms, priority, suspect } = jobs[0] as SendableJob;
  return {
    id: `${id}-${sent_count}`,
    name,
    data: { ids: jobs.map((job) => job.id), ...(suspect ? { suspect } : {}) },
    ...(delay_ms > 0 ? { delayMs: Math.ceil(delay_ms) } : {}),
    ...(priority === null ? {} : { priority }),
  };
}
