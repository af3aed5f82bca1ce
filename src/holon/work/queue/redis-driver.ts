import type { Job, JobType, Queue, Worker } from "bullmq";
import type { Redis, RedisOptions } from "ioredis";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { type BullDriver, type FirstMessages, queueAway, Reachability } from "./bull-driver.ts";

/** Longest time that a closing connection waits for the answer to `QUIT`. */
const QUIT_TIMEOUT_MS = 1_000;

/**
 * Queues on Redis, a single node. All queues and workers of a process share two connections. Each worker has one more, on which it waits for jobs.
 *
 * Adding a job never waits for a connection that is away: it fails at once, and the job stays in the outbox. A connection that is silent while an answer is due
 * is cut and opened again.
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
  const deps = { url, Client, onError: noteError, onInfo: (info: string | Error) => about.note(info) };
  const producer = openAddingClient(deps);
  const consumer = openWorkingClient(deps);
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
    async handledSinceMs(queue) {
      const ids = await producer.lrange(queue.toKey("active"), 0, -1);
      const since = await Promise.all(ids.map((id) => producer.hget(queue.toKey(id), "timestamp")));
      // The message may have ended meanwhile, or Redis may have removed its data.
      return since.flatMap((ms) => (ms === null ? [] : [Number(ms)]));
    },
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

/** Logs what operators should know about the settings of a Redis, each warning once. */
class ServerAbout {
  readonly #log: Logger;
  readonly #noted = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  note(info: string | Error): void {
    if (typeof info !== "string") {
      const said =
        "the user of REDIS_URL may not run INFO: the queues work, but it is not checked whether the maxmemory-policy of Redis is noeviction";
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
    const isNew = !this.#noted.has(what);
    this.#noted.add(what);
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

/** Longest time that Redis may take to answer a command of this process, and that a connection may take to open. */
const COMMAND_TIMEOUT_MS = 5_000;

/**
 * Longest silence on a connection while an answer is due. After it the connection is cut and another one is opened. The old one may be half open, and TCP would
 * notice that only after a quarter of an hour.
 */
const SILENCE_MS = 8_000;

/** The same limit for the connection on which a worker waits for jobs: there BullMQ lets Redis wait for up to 10 s before it answers. */
const WAITING_SILENCE_MS = 12_000;

/** Words in the errors of a Redis that answers and refuses: because of rights, passwords, database numbers, or states in which it accepts nothing. */
const REFUSAL =
  /\b(?:NOPERM|NOAUTH|WRONGPASS|OOM|READONLY|MISCONF|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|CROSSSLOT|MOVED|NOREPLICAS|DB index|invalid password|unknown command)\b/i;

/** Greatest length of the message of a refusal. */
const REFUSAL_LENGTH = 200;

/** The message of a refusal; undefined for other errors. */
function redisRefusalOf(error: unknown): string | undefined {
  const { name, message } = (error ?? {}) as { readonly name?: unknown; readonly message?: unknown };
  if (name !== "ReplyError" || typeof message !== "string" || !REFUSAL.test(message)) return undefined;
  return message.slice(0, REFUSAL_LENGTH);
}

/** The settings that both clients of the queues share. */
interface RedisClientDeps {
  readonly url: string;
  /** The class of ioredis, which is loaded only if there is a Redis. */
  readonly Client: typeof Redis;
  readonly onError: (error: Error) => void;
  /** Called with the answer to `INFO`, or with the refusal. */
  readonly onInfo: (info: string | Error) => void;
}

/** The client that adds jobs and reads counts. It never waits for a connection. After it reported that a command failed, it does not send the command again. */
function openAddingClient(deps: RedisClientDeps): Redis {
  return open(deps, {
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
  });
}

/** The client of all workers. A command waits for the next connection. Each worker duplicates the client for the connection on which it waits for jobs. */
function openWorkingClient(deps: RedisClientDeps): Redis {
  const client = open(deps, { maxRetriesPerRequest: null });
  const duplicate = (others: Partial<RedisOptions> = {}): Redis =>
    open(deps, { ...others, maxRetriesPerRequest: null, socketTimeout: WAITING_SILENCE_MS });
  return Object.assign(client, { duplicate });
}

function open({ url, Client, onError, onInfo }: RedisClientDeps, options: Partial<RedisOptions>): Redis {
  const client = new Client(url, {
    connectTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (times) => Math.min(times * 50, 1_000),
    ...options,
  });
  client.setMaxListeners(0);
  client.on("error", (error: Error) => {
    onError(error);
    // ioredis would continue in database 0, which may belong to another app.
    if (client.status === "connect" && /DB index/i.test(error.message)) client.disconnect(true);
  });
  answerInfo(client, onInfo);
  return client;
}

type InfoCallback = (error: Error | null, info?: string) => void;

/**
 * Makes `INFO` work for a user that may not run it: the answer is the version, which `HELLO` returns. BullMQ sends `INFO` on each new connection, and a queue
 * or worker whose `INFO` failed was seen to fail for ever. The policy is renamed in the answer, because BullMQ and ioredis would print warnings about it: this
 * file logs the policy once.
 */
function answerInfo(client: Redis, onInfo: RedisClientDeps["onInfo"]): void {
  const ask = client.info.bind(client);
  const info = async (): Promise<string> => {
    try {
      const answer = await ask();
      onInfo(answer);
      return answer.replace("maxmemory_policy:", "policy:");
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("NOPERM"))) throw error;
      onInfo(error);
      return `redis_version:${versionIn(await client.hello())}`;
    }
  };
  Object.assign(client, {
    info(callback?: InfoCallback): Promise<string> {
      const answer = info();
      if (callback !== undefined) answer.then((text) => callback(null, text), callback);
      return answer;
    },
  });
}

/** The answer of `HELLO` is a list in which each name is followed by its value. */
function versionIn(hello: unknown): string {
  const words = (Array.isArray(hello) ? hello : Object.entries(hello as object)).flat().map(String);
  return words[words.indexOf("version") + 1] ?? "";
}
