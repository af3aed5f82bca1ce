import type { Job, JobType, Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { type BullDriver, type FirstMessages, queueAway } from "./bull-driver.ts";
import { Reachability } from "./reachability.ts";
import { openAddingClient, openWorkingClient, redisRefusalOf } from "./redis-client.ts";

/** Longest time that a closing connection waits for the answer to `QUIT`. */
const QUIT_TIMEOUT_MS = 1_000;

/**
 * Queues on Redis, a single node. All queues and workers of a process share two connections. Each worker has one more, on which it waits for jobs.
 *
 * Adding never waits for a connection that is away: it fails at once, and the job stays in the outbox. A connection that is silent while an answer is due is
 * cut and opened again.
 */
export async function openRedisDriver(url: string, prefix: string, clock: Clock, log: Logger): Promise<BullDriver> {
  const [{ Queue: BullQueue, Worker: BullWorker }, { Redis: Client }] = await Promise.all([import("bullmq"), import("ioredis")]);
  const reachability = new Reachability({ server: "Redis (REDIS_URL)", refusalOf: redisRefusalOf, clock, log });
  const about = new ServerAbout(log);
  let closing = false;
  const noteError = (error: Error): void => {
    if (closing) return;
    if (producer.status !== "ready") reachability.lost(error);
    else if (!reachability.noteRefusal(error)) log.debug({ err: error }, "a queue reports an error");
  };
  const parts = { url, Client, onError: noteError, onInfo: (info: string | Error) => about.tell(info) };
  const producer = openAddingClient(parts);
  const consumer = openWorkingClient(parts);
  producer.on("close", () => {
    if (!closing) reachability.lost(undefined);
  });
  producer.on("ready", () => reachability.found());
  const isReachable = (): boolean => producer.status === "ready" && reachability.now;
  return {
    kind: "redis",
    get reachable() {
      return isReachable();
    },
    get fault() {
      return reachability.faultWhen(isReachable());
    },
    assertReachable() {
      if (closing) throw queueAway("The queues are closed.", { executed: "no" });
      if (!isReachable()) throw queueAway("Redis cannot be reached.", { executed: "no" });
    },
    openQueue: (name, options): Queue => new BullQueue(name, { ...options, prefix, connection: producer }),
    openWorker: (name, run, options): Worker => new BullWorker(name, run, { ...options, prefix, connection: consumer }),
    first: firstMessages,
    workerClosed() {},
    async ping() {
      if (producer.status !== "ready") return;
      try {
        await producer.ping();
        reachability.found();
      } catch (error) {
        if (!closing) reachability.lost(error);
      }
    },
    noteError,
    noteAnswer(failure) {
      if (failure === undefined) reachability.accepted();
      else reachability.noteRefusal(failure);
    },
    async close() {
      closing = true;
      await Promise.all([endClient(producer), endClient(consumer)]);
    },
  };
}

/** Messages with a priority are handed out after those without. */
async function firstMessages(queue: Queue): Promise<FirstMessages> {
  const firstOf = async (state: JobType): Promise<Job | undefined> => (await queue.getJobs([state], 0, 0, true))[0];
  const next = (await firstOf("waiting")) ?? (await firstOf("prioritized"));
  const delayed = await firstOf("delayed");
  return {
    ...(next && { next: { data: next.data, priority: next.priority, sinceMs: dueMsOf(next) } }),
    ...(delayed && { delayed: { data: delayed.data, dueMs: dueMsOf(delayed) } }),
  };
}

function dueMsOf({ timestamp, opts }: Job): number {
  return timestamp + (opts.delay ?? 0);
}

/** Logs once each what operators should know about the settings of a Redis. */
class ServerAbout {
  readonly #log: Logger;
  readonly #told = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  tell(info: string | Error): void {
    if (typeof info !== "string") {
      const said =
        "the user of REDIS_URL may not run INFO: the queues work, and whether the maxmemory-policy of Redis is noeviction is not looked at";
      if (this.#isNew("INFO")) this.#log.warn({ err: info }, said);
      return;
    }
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    if (policy === undefined || policy === "noeviction" || !this.#isNew(policy)) return;
    this.#log.warn(
      { maxmemoryPolicy: policy },
      "the maxmemory-policy of the Redis in REDIS_URL is not noeviction: it may throw away queued events and jobs, which then come late",
    );
  }

  #isNew(what: string): boolean {
    const isNew = !this.#told.has(what);
    this.#told.add(what);
    return isNew;
  }
}

/** Sends `QUIT` if the connection is ready, and cuts the connection in any case: that also ends reconnecting. */
async function endClient(client: Pick<Redis, "status" | "quit" | "disconnect">): Promise<void> {
  if (client.status === "ready") {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, QUIT_TIMEOUT_MS);
    });
    await Promise.race([client.quit().catch(() => {}), late]);
    clearTimeout(timer);
  }
  client.disconnect();
}
