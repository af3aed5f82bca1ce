import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

/** A real Redis for a test, without anything on disk. */
export interface TestRedis {
  readonly url: string;
  /** Empties it, as a restart of a stock Redis does. */
  flush(): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether this machine has a Redis to test with. */
export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

/** Starts a Redis on a free port. */
export async function startTestRedis(): Promise<TestRedis> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], { stdio: "ignore" });
    await command(port, (redis) => redis.ping());
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return { url: `redis://127.0.0.1:${port}`, flush: () => command(port, (redis) => redis.flushall()), kill, start, stop: kill };
}

async function command(port: number, run: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis({ host: "127.0.0.1", port, maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on("error", () => {});
  await run(redis);
  redis.disconnect();
  while (redis.status !== "end") await sleep(5);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
