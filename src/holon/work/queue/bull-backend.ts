import type { Job, JobType, Queue } from "bullmq";
import type { Clock } from "../../kernel/clock.ts";
import { isHolonError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { readSafely, storableText } from "../../kernel/thrown.ts";
import { Timers } from "../../kernel/timers.ts";
import { describeError, redactText } from "../../observe/redaction.ts";
import { Task } from "../engine/task.ts";
import { type BullDriver, queueAway } from "./bull-driver.ts";
import { BullQueueWorker } from "./bull-worker.ts";
import { FINISHED_MS, FinishedJobs } from "./finished-jobs.ts";
import { openPostgresDriver } from "./postgres-driver.ts";
import type { Backlog, JobRun, QueueBackend, QueueDepth, QueuedJob, QueueWorker, WorkOptions } from "./queue-backend.ts";
import { openRedisDriver } from "./redis-driver.ts";

/** Where the queues are kept. */
export type QueuePlace =
  | { readonly kind: "redis"; readonly url: string }
  | {
      readonly kind: "postgres";
      readonly url: string;
      /** Default: `holon_queue`. No other app may use the schema. */
      readonly schema?: string;
      /** Connections for adding and finishing jobs. Default: 5. Each worker holds one more. */
      readonly max?: number;
    };

/**
 * Opens the queues, and loads only the driver of their place. The prefix keeps the queues of several apps apart on one Redis.
 *
 * Errors: UNAVAILABLE - the Postgres of the queues cannot be reached. If a Redis is away, that is not an error: events and jobs wait in the outbox until it is
 * back.
 */
export async function createQueueBackend(
  place: QueuePlace,
  { log, clock, prefix }: { readonly log: Logger; readonly clock: Clock; readonly prefix: string },
): Promise<QueueBackend> {
  const own = log.child({ part: "queues" });
  const driver =
    place.kind === "redis"
      ? await openRedisDriver(place.url, prefix, clock, own)
      : await openPostgresDriver(place.url, place.schema ?? "holon_queue", place.max, clock, own);
  return new BullBackend(driver, { clock, log: own });
}

/** How workers notice that another worker died. The caller decides how often a job may lose its worker. BullMQ itself must not fail such a job. */
const STALLED = { stalledInterval: 5_000, maxStalledCount: 1_000_000, lockDuration: 15_000 };

/** Longest time that a request to the server of the queues may take, whatever happens to the connection meanwhile. */
const ANSWER_MS = 15_000;

/** Longest time that a handler waits until its progress is shown. */
const PROGRESS_MS = 2_000;

/** How often the server is pinged: a frozen server stays connected. */
const PING_MS = 2_000;

/** The wait of a worker that could not reach its queue. BullMQ's own 15 s would delay work after every restart. */
const RETRY = { runRetryDelay: 1_000 };

/** The state under which BullMQ counts the waiting messages of a paused queue on Postgres. Its types do not name it. */
const PAUSED = "paused" as JobType;

/** Queues and workers of BullMQ in one process, over one driver. */
class BullBackend implements QueueBackend {
  readonly #driver: BullDriver;
  readonly #queues = new Map<string, Queue>();
  readonly #workers = new Map<BullQueueWorker, string>();
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #tasks: readonly Task[];
  #closing: Promise<void> | undefined = undefined;

  constructor(driver: BullDriver, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#driver = driver;
    this.#clock = clock;
    this.#timers = new Timers(() => clock.monotonicMs());
    const finished = new FinishedJobs((queue, ask) => this.#ask(queue, ask));
    const loop = { clock, log, timers: this.#timers };
    const pinging = new Task({
      ...{ ...loop, task: "sign of life of the queues", everyMs: PING_MS },
      run: async () => {
        await driver.ping();
        return false;
      },
    });
    const removing = new Task({
      ...{ ...loop, task: "removal of finished jobs", everyMs: FINISHED_MS },
      run: async () => {
        if (driver.reachable) await finished.look(new Set(this.#workers.values()));
        return false;
      },
    });
    this.#tasks = [pinging, removing];
    for (const task of this.#tasks) task.wake();
  }

  get kind(): QueueBackend["kind"] {
    return this.#driver.kind;
  }

  get reachable(): boolean {
    return this.#driver.reachable;
  }

  get fault(): string | undefined {
    return this.#driver.fault;
  }

  async add(queue: string, jobs: readonly QueuedJob[]): Promise<void> {
    if (jobs.length === 0) return;
    await this.#ask(queue, (bull) => bull.addBulk(jobs.map(toBulkJob)));
  }

  async depth(queue: string): Promise<QueueDepth> {
    const counts = await this.#ask(queue, (bull) => bull.getJobCounts("waiting", PAUSED, "prioritized", "active", "delayed", "failed"));
    const { waiting = 0, paused = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts;
    return { waiting: waiting + paused + prioritized, active, delayed, failed };
  }

  async backlog(queue: string): Promise<Backlog> {
    const { next, delayed } = await this.#ask(queue, (bull) => this.#driver.first(bull));
    const nowMs = this.#clock.nowMs();
    const sinceMs = Math.min(next?.sinceMs ?? nowMs, delayed?.dueMs ?? nowMs, nowMs);
    const isDue = delayed !== undefined && delayed.dueMs <= nowMs;
    return {
      waitedMs: nowMs - sinceMs,
      priority: next?.priority ?? Number.POSITIVE_INFINITY,
      data: next?.data ?? (isDue ? delayed.data : undefined),
    };
  }

  async handlingMs(queue: string): Promise<number> {
    const sinceMs = await this.#ask(queue, (bull) => this.#driver.handledSinceMs(bull));
    const nowMs = this.#clock.nowMs();
    return nowMs - Math.min(nowMs, ...sinceMs);
  }

  inspect(queue: string): Queue {
    let bull = this.#queues.get(queue);
    if (bull === undefined) {
      bull = this.#driver.openQueue(queue, { skipMetasUpdate: true });
      bull.setMaxListeners(0);
      bull.on("error", (error) => this.#driver.noteError(error));
      this.#queues.set(queue, bull);
    }
    return bull;
  }

  work(queue: string, { concurrency, rate }: WorkOptions, run: (job: JobRun) => Promise<unknown>): QueueWorker {
    const limiter = rate === undefined ? {} : { limiter: { max: rate.max, duration: rate.perMs } };
    const running = new Set<Promise<unknown>>();
    const process = (job: Job) => track(running, run(this.#toRun(job)).catch(throwStorable));
    const bull = this.#driver.openWorker(queue, process, { concurrency, ...limiter, ...STALLED, ...RETRY });
    bull.on("error", (error) => this.#driver.noteError(error));
    const worker = new BullQueueWorker(bull, running, () => {
      this.#workers.delete(worker);
      this.#driver.workerClosed();
    });
    this.#workers.set(worker, queue);
    return worker;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const idle = Promise.all(this.#tasks.map((task) => task.close()));
    await Promise.all([...this.#workers.keys()].map((worker) => worker.close()));
    await Promise.all([...this.#queues.values()].map((queue) => queue.close().catch(() => {})));
    await this.#driver.close();
    // The requests that these tasks wait for have ended with the connections.
    await idle;
    this.#timers.close();
  }

  #toRun(job: Job): JobRun {
    return {
      id: fromBullId(job.id ?? ""),
      name: job.name,
      data: job.data,
      stalledCount: job.stalledCounter,
      // Each job is added with one attempt only. So if a job has had an attempt, an operator has retried it in the dashboard.
      isRetry: job.attemptsMade > 0,
      // While the queues are away, a handler does not wait for the dashboard.
      progress: async (value) => (this.reachable ? within(PROGRESS_MS, job.updateProgress(value)) : undefined),
    };
  }

  async #ask<Answer>(name: string, ask: (queue: Queue) => Promise<Answer>): Promise<Answer> {
    if (this.#closing !== undefined) throw queueAway("The queues are closed.", { executed: "no" });
    this.#driver.assertReachable();
    const queue = this.inspect(name);
    try {
      const answer = await within(ANSWER_MS, ask(queue));
      this.#driver.noteAnswer(undefined);
      return answer;
    } catch (error) {
      this.#driver.noteAnswer(error);
      // A queue whose first connection failed never recovers. The next request opens a new one.
      if (this.#queues.get(name) === queue) this.#queues.delete(name);
      queue.close().catch(() => {});
      if (isHolonError(error)) throw error;
      throw queueAway(`A request to the queue ${name} failed.`, { cause: error });
    }
  }
}

function toBulkJob({ id, name, data, delayMs, priority }: QueuedJob) {
  return {
    name,
    data,
    opts: {
      jobId: toBullId(id),
      attempts: 1,
      ...(delayMs === undefined ? {} : { delay: delayMs }),
      ...(priority === undefined ? {} : { priority }),
    },
  };
}

/** Longest message and longest stack that a queue keeps of a thrown error. */
const GREATEST_MESSAGE_LENGTH = 1_000;
const GREATEST_STACK_LENGTH = 8_000;

/** Throws an error with the redacted and cut message and stack of the thrown value: BullMQ writes the whole message and stack of an error to the queue. */
function throwStorable(thrown: unknown): never {
  const error = new Error(storableText(redactText(textOf(thrown, "message") ?? describeError(thrown)), GREATEST_MESSAGE_LENGTH));
  error.stack = storableText(redactText(textOf(thrown, "stack") ?? ""), GREATEST_STACK_LENGTH);
  throw error;
}

function textOf(thrown: unknown, member: "message" | "stack"): string | undefined {
  const text = readSafely(() => (thrown as Partial<Error> | null | undefined)?.[member], undefined);
  return typeof text === "string" && text !== "" ? text : undefined;
}

async function track<Result>(running: Set<Promise<unknown>>, work: Promise<Result>): Promise<Result> {
  running.add(work);
  try {
    return await work;
  } finally {
    running.delete(work);
  }
}

async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(queueAway(`The server of the queues did not answer within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const ONLY_DIGITS = /^\d+$/;
const MARK = "n-";

/** BullMQ refuses ids that consist of digits only, because it makes such ids itself. Such ids get a mark. */
function toBullId(id: string): string {
  return ONLY_DIGITS.test(id) || id.startsWith(MARK) ? MARK + id : id;
}

/** The id that was given to {@link toBullId}. */
function fromBullId(id: string): string {
  return id.startsWith(MARK) ? id.slice(MARK.length) : id;
}
