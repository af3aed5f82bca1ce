import type { Queue, Worker } from "bullmq";
import type { Logger } from "../../kernel/index.ts";
import { type BullDriver, queueAway, Reachability } from "./bull-driver.ts";

/** Longest that Redis may take to answer a command of ours. */
const COMMAND_TIMEOUT_MS = 5_000;

/** How often a connected server is asked for a sign of life: one that is frozen stays connected. */
const PING_MS = 5_000;

/** Longest that a closing connection waits for the answer to its goodbye. */
const QUIT_TIMEOUT_MS = 1_000;

/**
 * Queues on Redis, a single node. Two connections for all queues and workers of a process, and one more for each worker, which waits on it.
 *
 * Adding never waits for a connection that is away: it fails at once, and what was to be added stays in the outbox.
 */
export async function openRedisDriver(url: string, prefix: string, log: Logger): Promise<BullDriver> {
  const [{ Queue: BullQueue, Worker: BullWorker }, { Redis }] = await Promise.all([import("bullmq"), import("ioredis")]);
  const reachability = new Reachability("redis", log);
  const common = { retryStrategy: (times: number) => Math.min(times * 50, 1_000), connectTimeout: COMMAND_TIMEOUT_MS };
  const producer = new Redis(url, { ...common, enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MS });
  const consumer = new Redis(url, { ...common, maxRetriesPerRequest: null });
  for (const client of [producer, consumer]) client.setMaxListeners(0);
  let closing = false;
  const noteError = (error: Error): void => {
    if (closing) return;
    if (producer.status !== "ready") reachability.lost(error);
    else log.debug({ err: error }, "a queue reports an error");
  };
  producer.on("error", noteError);
  consumer.on("error", noteError);
  producer.on("close", () => {
    if (!closing) reachability.lost(undefined);
  });
  producer.on("ready", () => reachability.found());
  const ping = setInterval(() => {
    if (producer.status !== "ready") return;
    producer.ping().then(
      () => reachability.found(),
      (error: unknown) => {
        if (!closing) reachability.lost(error);
      },
    );
  }, PING_MS);
  ping.unref();
  return {
    kind: "redis",
    get reachable() {
      return producer.status === "ready" && reachability.now;
    },
    assertReachable() {
      if (closing) throw queueAway("The queues are closed.", { executed: "no" });
      if (producer.status !== "ready") throw queueAway("Redis cannot be reached.", { executed: "no" });
    },
    openQueue: (name, options): Queue => new BullQueue(name, { ...options, prefix, connection: producer }),
    openWorker: (name, run, options): Worker => new BullWorker(name, run, { ...options, prefix, connection: consumer }),
    workerClosed() {},
    noteError,
    async close() {
      closing = true;
      clearInterval(ping);
      await Promise.all([endClient(producer), endClient(consumer)]);
    },
  };
}

interface RedisClient {
  readonly status: string;
  quit(): Promise<unknown>;
  disconnect(): void;
}

/** Says goodbye where somebody hears it, and cuts the connection off in any case: reconnecting ends with it. */
async function endClient(client: RedisClient): Promise<void> {
  if (client.status === "ready") {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, QUIT_TIMEOUT_MS);
    });
    await Promise.race([client.quit().catch(() => {}), patience]);
    clearTimeout(timer);
  }
  client.disconnect();
}
