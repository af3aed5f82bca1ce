import type { Redis } from "ioredis";
import type { Logger } from "../../kernel/log.ts";
import { Task, type TaskDeps } from "../../work/engine/task.ts";
import type { RateStore, SharedTotal } from "./rate-counter.ts";

/** The longest time that a call waits for Redis. After that the process counts alone. */
const COMMAND_TIMEOUT_MS = 500;

/** The longest time that a connection may be silent while an answer is due. */
const SILENCE_MS = 5_000;

/** The longest time that a start waits for Redis, because an edge works without it. */
const CONNECT_TIMEOUT_MS = 1_000;

/** How often Redis is pinged. Without pings, an edge whose calls need no count would not notice that Redis is unreachable, or reachable again. */
const PING_MS = 2_000;

/**
 * Adds to a count. Its window begins with the first call. A call that is taken back after its window has ended begins no new window. A count without
 * an expiry begins again; only another program can leave such a count.
 */
const ADD = `
local leftMs = redis.call("pttl", KEYS[1])
if leftMs < 0 then
  if tonumber(ARGV[1]) < 0 then return { 0, 0 } end
  leftMs = tonumber(ARGV[2])
  redis.call("set", KEYS[1], 0, "px", leftMs)
end
return { redis.call("incrby", KEYS[1], ARGV[1]), leftMs }`;

/** A client with {@link ADD} as a command. ioredis sends the hash of the script, and the script itself only to a Redis that does not know it. */
type CountingClient = Redis & { addToRate(key: string, count: number, windowMs: number): Promise<[number, number]> };

/**
 * Opens a store of counts in Redis, so that several edges apply their limits together. The package `ioredis` is loaded only by this function.
 *
 * No call is refused because Redis is unreachable or was emptied; only counts are lost. If Redis does not answer a call in time, no later call waits for it
 * until it answers a ping.
 */
export async function openRedisRateStore(url: string, prefix: string, deps: TaskDeps): Promise<RateStore> {
  const { Redis: RedisClient } = await import("ioredis");
  const client = new RedisClient(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    // Cuts a half-open connection. TCP itself would give up only after a quarter of an hour.
    socketTimeout: SILENCE_MS,
    enableOfflineQueue: false,
    // The ready check would send INFO, which a user without dangerous commands may not run.
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 50, 1_000),
    scripts: { addToRate: { lua: ADD, numberOfKeys: 1 } },
  }) as CountingClient;
  const reach = new Reach(deps.log);
  const ping = async (): Promise<void> => {
    if (client.status !== "ready") return;
    await client.ping().then(
      () => reach.found(),
      (error: unknown) => reach.lost(error),
    );
  };
  const pinging = new Task({
    ...{ ...deps, task: "sign of life of the shared counts", everyMs: PING_MS },
    run: async () => {
      await ping();
      return false;
    },
  });
  client.on("error", (error) => reach.lost(error));
  // An open connection does not mean that Redis answers: a network may accept connections and be silent.
  client.on("ready", () => pinging.wake());
  await new Promise<void>((resolve) => {
    for (const event of ["ready", "close", "error"]) client.once(event, () => resolve());
  });
  await ping();
  const isReachable = (): boolean => client.status === "ready" && reach.now;
  return {
    get reachable() {
      return isReachable();
    },
    totals(name, windowMs) {
      return {
        async add(key, count): Promise<SharedTotal | undefined> {
          if (!isReachable()) return undefined;
          try {
            const [total, leftMs] = await client.addToRate(`${prefix}:rate:${name}:${key}`, count, windowMs);
            return { count: total, leftMs };
          } catch (error) {
            reach.lost(error);
            // If Redis was only slow, the ping finds out at once that it answers.
            pinging.wake();
            return undefined;
          }
        },
      };
    },
    async close() {
      reach.end();
      await Promise.all([pinging.close(), leave(client)]);
    },
  };
}

/** Whether Redis can be reached. Logs once that it cannot, and once that it can be reached again. */
class Reach {
  readonly #log: Logger;
  #state: "unknown" | "found" | "lost" | "ended" = "unknown";

  constructor(log: Logger) {
    this.#log = log;
  }

  get now(): boolean {
    return this.#state === "found";
  }

  lost(error: unknown): void {
    if (this.#state === "lost" || this.#state === "ended") return;
    this.#state = "lost";
    this.#log.warn({ err: error }, "Redis cannot be reached: each edge counts calls by itself");
  }

  found(): void {
    if (this.#state === "found" || this.#state === "ended") return;
    if (this.#state === "lost") this.#log.info({}, "Redis can be reached again: the edges count calls together");
    this.#state = "found";
  }

  end(): void {
    this.#state = "ended";
  }
}

/** Waits for the answers that are due if Redis is connected, then disconnects. */
async function leave(client: Redis): Promise<void> {
  if (client.status === "ready") await client.quit().catch(() => {});
  client.disconnect();
}
