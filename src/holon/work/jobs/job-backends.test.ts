import { describe, expect, it } from "vitest";
import { z } from "zod";
import { signal, until } from "../../data/child.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { createQueueBackend } from "../queue/bull-backend.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../queue/redis-server.testing.ts";
import { job } from "./job.ts";
import type { JobHandler } from "./job-call.ts";
import { effects } from "./jobs.fixture.testing.ts";
import { type OpenedBackend, useBackend, useJobs } from "./jobs.testing.ts";

const place = useJobs();
const services = { log: silentLogger, clock: systemClock, prefix: "jobs" };
const Data = z.object({ n: z.int() });
const complete: JobHandler = (call) =>
  place.store.transaction(call.scope, async (tx) => {
    await tx.db.insert(effects).values({ job: `send ${(call.data as { n: number }).n}`, attempt: call.attempt });
    await call.complete(tx, undefined);
  });
const effectsByJob = () => place.sql`select job, count(*)::int as count from orders.effects group by 1 order by 1`;

/** What holds with each backend. */
function behaves(open: () => Promise<OpenedBackend>): void {
  const opened = useBackend(open);

  it("are run once each, also delayed ones and those of a limited queue, and are tried again if they fail", async () => {
    const failed = new Set<number>();
    const failFirst: JobHandler = async (call) => {
      const { n } = call.data as { n: number };
      if (n % 10 === 0 && !failed.has(n)) {
        failed.add(n);
        throw new TypeError("the first time");
      }
      await complete(call);
    };
    const work = await place.start(
      { send: job(Data), limited: job(Data, { concurrency: 2, rate: { max: 50, perMs: 100 } }) },
      { send: failFirst, limited: complete },
      { backend: opened.backend },
    );
    await place.append(
      Array.from({ length: 60 }, (_, n) => ({
        name: n % 3 === 0 ? "limited" : "send",
        data: { n },
        options: n % 7 === 0 ? { delayMs: 200 } : n % 5 === 0 ? { priority: 2 } : {},
      })),
    );
    await place.publish(work);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 60);
    expect((await effectsByJob()).map(({ count }) => count)).toEqual(Array.from({ length: 60 }, () => 1));
    expect([...failed].sort((one, other) => one - other)).toEqual([10, 20, 40, 50]);
    await work.close();
  });

  it("that failed for good are run again, once, when an operator retries them on their queue", async () => {
    let isFixed = false;
    const work = await place.start(
      { send: job(Data, { attempts: 1 }) },
      { send: (call) => (isFixed ? complete(call) : Promise.reject(new TypeError("not fixed"))) },
      { backend: opened.backend },
    );
    const id = await place.enqueue(work, { data: { n: 1 } });
    await place.is(id, "failed");
    const bull = opened.backend.inspect("jobs.orders");
    const onQueue = async () => (await bull.getJobs(["failed", "completed"])).find(({ data }) => data.ids.includes(id));
    await until(async () => (await onQueue())?.failedReason === "not fixed");
    isFixed = true;
    await (await onQueue())?.retry("failed");
    await place.is(id, "done");
    await until(async () => (await (await onQueue())?.getState()) === "completed");
    await (await onQueue())?.retry("completed");
    await until(async () => (await onQueue())?.attemptsMade === 3);
    expect(await effectsByJob()).toEqual([{ job: "send 1", count: 1 }]);
    expect(await place.row(id)).toMatchObject({ state: "done", attempts: 2 });
    await work.close();
  });

  it("are sent once, however long they wait on their queue, also those with a priority, and delayed ones that no worker has asked for", async () => {
    const release = signal();
    const handler: JobHandler = async (call) => {
      await release.promise;
      await complete(call);
    };
    const timing = { sweepMs: 50, resendLostMs: 500, resendAfterMs: 4_000, resendAnywayMs: 1_500 };
    const work = await place.start({ send: job(Data, { concurrency: 1 }) }, { send: handler }, { backend: opened.backend, timing });
    let n = 0;
    const add = (options: object = {}) => place.enqueue(work, { data: { n: n++ }, options });
    await place.is(await add(), "running");
    for (const options of [{}, { priority: 5 }, { priority: 2 }, { delayMs: 100 }]) await add(options);
    const isOld = () => place.sql`select 1 from orders.holon_jobs where state = 'waiting' and created_at < now() - interval '6 seconds' limit 1`;
    while ((await isOld()).length === 0) await add(n % 3 === 0 ? { priority: 2 } : {});
    expect(await place.sql`select sent_count, count(*)::int from orders.holon_jobs group by 1`).toEqual([{ sent_count: 1, count: n }]);
    release.resolve();
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === n);
    await work.close();
  });

  it("of one message are run each by itself: one fails, and only that one is run again by an operator", async () => {
    let isFixed = false;
    const work = await place.start(
      { send: job(Data, { attempts: 1, concurrency: 2 }) },
      { send: (call) => (isFixed || (call.data as { n: number }).n !== 2 ? complete(call) : Promise.reject(new TypeError("not fixed"))) },
      { backend: opened.backend },
    );
    const ids = await place.append([1, 2, 3].map((n) => ({ data: { n } })));
    await place.publish(work);
    const bull = opened.backend.inspect("jobs.orders.send");
    const onQueue = async () => (await bull.getJobs(["failed", "completed"])).find(({ data }) => data.ids.length === 3);
    await until(async () => (await onQueue())?.failedReason === "not fixed");
    // A job that has waited for a place for too long is passed on, in a message of its own.
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state in ('done', 'failed')`).length === 3);
    expect(await place.sql`select state, count(*)::int as count from orders.holon_jobs group by 1 order by 1`).toEqual([
      { state: "done", count: 2 },
      { state: "failed", count: 1 },
    ]);
    isFixed = true;
    await (await onQueue())?.retry("failed");
    await place.is(ids[1] as string, "done");
    expect(await effectsByJob()).toEqual([1, 2, 3].map((n) => ({ job: `send ${n}`, count: 1 })));
    await work.close();
  });
}

describe("jobs on Postgres", () => {
  behaves(async () => ({ backend: await createQueueBackend({ kind: "postgres", url: place.url }, services), end: async () => {} }));
});

describe.skipIf(!hasRedis)("jobs on Redis", () => {
  let redis: TestRedis;
  behaves(async () => {
    redis = await startTestRedis();
    return { backend: await createQueueBackend({ kind: "redis", url: redis.url }, services), end: () => redis.stop() };
  });

  it("are run once each if Redis is emptied while they wait", async () => {
    const backend = await createQueueBackend({ kind: "redis", url: redis.url }, services);
    await until(() => backend.reachable);
    const work = await place.start({ send: job(Data) }, { send: complete }, { backend, timing: { resendAfterMs: 100 } });
    await place.append(Array.from({ length: 20 }, (_, n) => ({ data: { n }, options: { delayMs: 500 } })));
    await place.publish(work);
    expect((await backend.depth("jobs.orders")).delayed).toBe(20);
    await redis.flush();
    expect((await backend.depth("jobs.orders")).delayed).toBe(0);
    await until(async () => {
      await work.sweep();
      return (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 20;
    });
    expect((await effectsByJob()).map(({ count }) => count)).toEqual(Array.from({ length: 20 }, () => 1));
    await work.close();
    await backend.close();
  });
});
