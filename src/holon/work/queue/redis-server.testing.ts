import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { freePort } from "../../dev/postgres/free-ports.ts";
import { endWithUs } from "../../dev/postgres/guarded-process.ts";

/** A real Redis for a test. */
export interface TestRedis {
  readonly url: string;
  /** Removes all data of this Redis. */
  flush(): Promise<void>;
  /** Writes the data to disk. If a stock Redis is killed and started again, it starts with that data. */
  snapshot(): Promise<void>;
  /** Kills this Redis with `kill -9`. */
  kill(): Promise<void>;
  /** Freezes this Redis with `kill -STOP`, so that it stays connected and does not answer. */
  freeze(): void;
  thaw(): void;
  /** Starts this Redis again on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The configuration of a {@link TestRedis}. `stock`: it writes a snapshot to disk now and then. By default it writes nothing, and always starts empty. */
interface TestRedisOptions {
  readonly stock?: boolean;
}

/** Whether this machine has a Redis to test with. */
export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

/** Starts a Redis on a free port. */
export async function startTestRedis({ stock = false }: TestRedisOptions = {}): Promise<TestRedis> {
  const port = await freePort();
  const folder = await mkdtemp(path.join(tmpdir(), "holon-redis-"));
  const nothingOnDisk = stock ? [] : ["--save", "", "--appendonly", "no"];
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, ...nothingOnDisk], { stdio: "ignore" });
    endWithUs(child);
    await command(port, (redis) => redis.ping());
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    flush: () => command(port, (redis) => redis.flushall()),
    snapshot: () => command(port, (redis) => redis.save()),
    kill,
    freeze: () => child?.kill("SIGSTOP"),
    thaw: () => child?.kill("SIGCONT"),
    start,
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function command(port: number, run: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis({ host: "127.0.0.1", port, maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on("error", () => {});
  await run(redis);
  redis.disconnect();
  while (redis.status !== "end") await sleep(5);
}
