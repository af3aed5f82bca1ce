import type { QueuedJob, WorkOptions } from "../queue/queue-backend.ts";
import type { JobMap } from "./job.ts";

/** How many jobs of the shared queue run at once in one process. */
const SHARED_CONCURRENCY = 10;

/** A queue of a context, and how a worker takes its jobs. */
export interface JobQueue {
  readonly queue: string;
  readonly options: WorkOptions;
}

/**
 * The queue of a job. A job that declares a limit has a queue of its own, because limits hold for a whole queue. The other jobs of a context share one queue.
 */
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

/** A job to be put on its queue. */
export interface SendableJob {
  readonly id: string;
  readonly name: string;
  /** How often the job has been put on a queue, including this time. */
  readonly sent_count: number;
  /** Milliseconds until the job may run. */
  readonly delay_ms: number;
  readonly priority: number | null;
  /** Whether the job was running in a process that died. */
  readonly suspect: boolean;
}

/** Most jobs that one message names. More would save little, and more jobs would have to be passed on if one takes long. */
const MESSAGE_COUNT = 10;

/**
 * Makes messages of jobs. A message has the ids of its jobs, and not their data. Jobs that are due now and have the same name and priority share a message: a
 * message costs a queue more than a row costs the database. A job that was running in a process that died gets its own message. With `singly`, each job does.
 * Each message has an id that the queue has not seen.
 */
export function toQueued(jobs: readonly SendableJob[], { singly = false }: { readonly singly?: boolean } = {}): readonly QueuedJob[] {
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

/** The content of a message. */
interface JobMessage {
  readonly ids: readonly string[];
  readonly isSuspect: boolean;
  /** Whether this version understood the whole message. */
  readonly isWhole: boolean;
}

/** The form of an id. A single malformed id would make all claims of its statement fail. */
const ADDRESS = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Reads a message. Entries that are not ids are left out. */
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
