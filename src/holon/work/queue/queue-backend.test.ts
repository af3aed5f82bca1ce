import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { signal } from "../../data/child.testing.ts";
import { createTestDatabase, startTestServer, type TestDatabase, type TestServer } from "../../dev/postgres/test-database.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { createQueueBackend, type QueuePlace } from "./bull-backend.ts";
import type { JobRun, QueueBackend } from "./queue-backend.ts";
import { hasRedis, startTestRedis, type TestRedis } from "./redis-server.testing.ts";

const services = { log: silentLogger, clock: systemClock, prefix: "test" };

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}

/** What each backend must do. */
function behaves(openPlace: () => Promise<{ readonly place: QueuePlace; end(): Promise<void> }>): void {
  let opened: Awaited<ReturnType<typeof openPlace>>;
  let backend: QueueBackend;
  let count = 0;
  const nextQueue = () => `events.q${count++}`;
  const backends: QueueBackend[] = [];
  const open = async () => {
    const made = await createQueueBackend(opened.place, services);
    backends.push(made);
    await until(() => made.reachable);
    return made;
  };
  beforeAll(async () => {
    opened = await openPlace();
    backend = await open();
  });
  afterEach(async () => {
    for (const made of backends.splice(1)) await made.close();
  });
  afterAll(async () => {
    await Promise.all(backends.map((made) => made.close()));
    await opened?.end();
  });

  it("hand each job of a bulk to a worker, once, with its id, name and data", async () => {
    const queue = nextQueue();
    const runs: JobRun[] = [];
    await backend.add(queue, [
      { id: "a-1", name: "first", data: { n: 1 } },
      { id: "17", name: "second", data: { n: 2 } },
      { id: "a-1", name: "first", data: { n: 1 } },
    ]);
    const worker = backend.work(queue, { concurrency: 5 }, async (run) => runs.push(run));
    await until(() => runs.length >= 2);
    await until(async () => (await backend.depth(queue)).active === 0);
    await worker.close();
    expect(runs.map(({ id, name, data }) => ({ id, name, data })).sort((one, other) => one.name.localeCompare(other.name))).toEqual([
      { id: "a-1", name: "first", data: { n: 1 } },
      { id: "17", name: "second", data: { n: 2 } },
    ]);
  });

  it("keep a job that failed, and count it in their depth", async () => {
    const queue = nextQueue();
    const worker = backend.work(queue, { concurrency: 1 }, () => Promise.reject(new TypeError("no")));
    await backend.add(queue, [{ id: "a", name: "fails", data: {} }]);
    await until(async () => (await backend.depth(queue)).failed === 1);
    await worker.close();
    expect(await backend.depth(queue)).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 1 });
  });

  it("do not hand out a delayed job before it is due", async () => {
    const queue = nextQueue();
    await backend.add(queue, [{ id: "late", name: "later", data: {}, delayMs: 60_000 }]);
    expect(await backend.depth(queue)).toEqual({ waiting: 0, active: 0, delayed: 1, failed: 0 });
  });

  it("report which message they hand out next, and for how long that or a delayed one could have been handed out", async () => {
    const queue = nextQueue();
    const add = (id: string, others: object = {}) => backend.add(queue, [{ id, name: "n", data: { id }, ...others }]);
    const waited = (ms: number) => until(async () => (await backend.backlog(queue)).waitedMs >= ms);
    expect(await backend.backlog(queue)).toEqual({ waitedMs: 0, priority: Number.POSITIVE_INFINITY, data: undefined });
    await add("later", { delayMs: 60_000 });
    expect(await backend.backlog(queue)).toEqual({ waitedMs: 0, priority: Number.POSITIVE_INFINITY, data: undefined });
    await add("less urgent", { priority: 7 });
    await add("urgent", { priority: 3 });
    await add("as urgent", { priority: 3 });
    expect(await backend.backlog(queue)).toMatchObject({ priority: 3, data: { id: "urgent" } });
    await add("first");
    await waited(200);
    await add("second");
    const { waitedMs, ...next } = await backend.backlog(queue);
    expect(next).toEqual({ priority: 0, data: { id: "first" } });
    expect(waitedMs).toBeGreaterThanOrEqual(200);
    const other = nextQueue();
    await backend.add(other, [{ id: "due", name: "n", data: { id: "due" }, delayMs: 1 }]);
    await until(async () => (await backend.backlog(other)).waitedMs > 100);
    expect(await backend.backlog(other)).toMatchObject({ priority: Number.POSITIVE_INFINITY, data: { id: "due" } });
  });

  it("report how long ago a worker took the oldest message that is being handled", async () => {
    const queue = nextQueue();
    expect(await backend.handlingMs(queue)).toBe(0);
    const release = signal();
    const worker = backend.work(queue, { concurrency: 2 }, () => release.promise);
    await backend.add(queue, [{ id: "a", name: "n", data: {} }]);
    await until(async () => (await backend.handlingMs(queue)) >= 200);
    await backend.add(queue, [{ id: "b", name: "n", data: {} }]);
    await until(async () => (await backend.depth(queue)).active === 2);
    expect(await backend.handlingMs(queue)).toBeGreaterThanOrEqual(200);
    release.resolve();
    await worker.close();
    expect(await backend.handlingMs(queue)).toBe(0);
  });

  it("count the waiting messages while an operator has paused them", async () => {
    const queue = nextQueue();
    await backend.inspect(queue).pause();
    await backend.add(queue, [{ id: "a", name: "n", data: { id: "a" } }]);
    expect(await backend.depth(queue)).toEqual({ waiting: 1, active: 0, delayed: 0, failed: 0 });
    expect((await backend.backlog(queue)).data).toEqual({ id: "a" });
    await backend.inspect(queue).resume();
  });

  it("let running jobs end before they close", async () => {
    const queue = nextQueue();
    const other = await open();
    let state = "waiting";
    let finish = (): void => {};
    other.work(queue, { concurrency: 1 }, async () => {
      state = "running";
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      state = "finished";
    });
    await other.add(queue, [{ id: "a", name: "long", data: {} }]);
    await until(() => state === "running");
    const closed = other.close();
    finish();
    await closed;
    expect(state).toBe("finished");
    expect((await backend.depth(queue)).active).toBe(0);
  });

  it("refuse jobs with UNAVAILABLE once they are closed", async () => {
    const other = await open();
    await other.close();
    await expect(other.add("events.x", [{ id: "a", name: "n", data: {} }])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
}

describe("queues on Postgres", () => {
  behaves(async () => {
    const server: TestServer = await startTestServer();
    const database: TestDatabase = await createTestDatabase({ server });
    return {
      place: { kind: "postgres", url: database.url },
      async end() {
        await database.drop();
        await server.stop();
      },
    };
  });
});

describe.skipIf(!hasRedis)("queues on Redis (left out where no redis-server is installed)", () => {
  behaves(async () => {
    const redis = await startTestRedis();
    return { place: { kind: "redis", url: redis.url }, end: () => redis.stop() };
  });

  it("refuse jobs at once with UNAVAILABLE while Redis is away, and work again when Redis is back", async () => {
    const redis: TestRedis = await startTestRedis();
    const backend = await createQueueBackend({ kind: "redis", url: redis.url }, services);
    const seen: string[] = [];
    backend.work("q", { concurrency: 1 }, async ({ id }) => seen.push(id));
    await until(() => backend.reachable);
    await redis.kill();
    await until(() => !backend.reachable);
    await expect(backend.add("q", [{ id: "lost", name: "n", data: {} }])).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await redis.start();
    await until(() => backend.reachable);
    await backend.add("q", [{ id: "found", name: "n", data: {} }]);
    await until(() => seen.length === 1);
    await backend.close();
    await redis.stop();
    expect(seen).toEqual(["found"]);
  });

  it("reads no message to say for how long the oldest has been there that a worker handles", async () => {
    const redis = await startTestRedis();
    const backend = await createQueueBackend({ kind: "redis", url: redis.url }, services);
    const client = new Redis(redis.url);
    const sentBytes = async (): Promise<number> => Number(/total_net_output_bytes:(\d+)/.exec(await client.info("stats"))?.[1]);
    const release = signal();
    backend.work("q", { concurrency: 1 }, () => release.promise);
    await until(() => backend.reachable);
    await backend.add("q", [{ id: "a", name: "n", data: { text: "x".repeat(1_000_000) } }]);
    await until(async () => (await backend.depth("q")).active === 1);
    const beforeBytes = await sentBytes();
    await backend.handlingMs("q");
    expect((await sentBytes()) - beforeBytes).toBeLessThan(100_000);
    release.resolve();
    client.disconnect();
    await backend.close();
    await redis.stop();
  });
});
