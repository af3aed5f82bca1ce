import { describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { ODD_VALUES } from "../../observe/odd-values.testing.ts";
import { THROWN_VALUES } from "../../observe/thrown-values.testing.ts";
import { createQueueBackend } from "../queue/bull-backend.ts";
import { hasRedis, startTestRedis } from "../queue/redis-server.testing.ts";
import { job } from "./job.ts";
import type { JobHandler } from "./job-call.ts";
import { type OpenedBackend, useBackend, useJobs } from "./jobs.testing.ts";

const place = useJobs();
const services = { log: silentLogger, clock: systemClock, prefix: "failing" };
const RETRY = { attempts: 2, backoff: { firstMs: 1, greatestMs: 1 } };
const UNANSWERABLE: ReadonlySet<string> = new Set(["a proxy whose traps throw", "a revoked proxy"]);
const throwing = (): boolean => {
  throw new TypeError("a check of the schema throws");
};

/** What holds with each backend. */
function behaves(open: () => Promise<OpenedBackend>): void {
  const opened = useBackend(open);

  /** Runs a job that fails, and then one of another name. Returns the row of the first one, and how often its handler was called. */
  async function runFailing(spec: ReturnType<typeof job>, handler: JobHandler, data: object = {}) {
    let runs = 0;
    const work = await place.start(
      { send: spec, other: job(z.object({})) },
      {
        send: (call) => {
          runs++;
          return handler(call);
        },
        other: place.completing(),
      },
      { backend: opened.backend },
    );
    const [id = "", other = ""] = await place.append([{ data }, { name: "other" }]);
    await place.publish(work);
    await until(async () => ["failed", "done"].includes((await place.row(id))["state"] as string));
    await place.is(other, "done");
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'running'`).length === 0);
    await work.close();
    return { row: await place.row(id), runs };
  }

  const failed = (count: number) => ({
    state: "failed",
    attempts: count,
    failures: count,
    deaths: 0,
    reason: expect.any(String),
    leased_until: null,
  });

  it.each(THROWN_VALUES)("are tried twice and set aside with a reason when their handler throws %s", async (_name, thrown) => {
    const { row, runs } = await runFailing(job(z.object({}), RETRY), () => Promise.reject(thrown));
    expect(row).toMatchObject(failed(2));
    expect((row["reason"] as string).length).toBeLessThanOrEqual(1_000);
    expect(runs).toBe(2);
  });

  it.each(ODD_VALUES)("are set aside after one run, which may have had its effect, when their result is %s", async (name, odd) => {
    const { row, runs } = await runFailing(job(z.object({}), { ...RETRY, result: z.object({ n: z.int() }) }), async () => odd());
    // Some answers cannot even be made: the handler itself throws.
    const count = UNANSWERABLE.has(name) ? 2 : 1;
    expect(row).toMatchObject(failed(count));
    expect(runs).toBe(count);
  });

  it.each(ODD_VALUES)("are tried twice and set aside if they report %s as their progress", async (_name, odd) => {
    const { row, runs } = await runFailing(job(z.object({}), RETRY), async (call) => {
      await call.progress(odd() as object);
      throw new TypeError("the progress was taken");
    });
    expect(row).toMatchObject(failed(2));
    expect(runs).toBe(2);
  });

  it("leave a short reason on their queue for every value that their handler throws", async () => {
    const thrown = THROWN_VALUES.map(([, value]) => value);
    const work = await place.start(
      { send: job(z.object({ n: z.int() }), { attempts: 1, concurrency: 1 }) },
      { send: (call) => Promise.reject(thrown[(call.data as { n: number }).n]) },
      { backend: opened.backend },
    );
    for (const [n] of thrown.entries()) await place.enqueue(work, { data: { n } });
    const bull = opened.backend.inspect("jobs.orders.send");
    await until(async () => (await bull.getJobCounts("failed"))["failed"] === thrown.length);
    const lengths = (await bull.getJobs(["failed"])).map(
      ({ failedReason, stacktrace }) => [failedReason.length, (stacktrace ?? []).join("").length] as const,
    );
    expect(lengths.filter(([reason, stack]) => reason === 0 || reason > 1_000 || stack > 10_000)).toEqual([]);
    await work.close();
  });

  it("are set aside if a check of their data throws", async () => {
    const { row, runs } = await runFailing(job(z.object({ n: z.int().refine(throwing) }), RETRY), async () => {}, { n: 1 });
    expect(row).toMatchObject({ state: "failed", deaths: 0, leased_until: null, reason: expect.stringContaining("a check of the schema throws") });
    expect(runs).toBe(0);
  });

  it("are set aside after one run if a check of their result throws", async () => {
    const { row } = await runFailing(job(z.object({}), { ...RETRY, result: z.object({ n: z.int().refine(throwing) }) }), async () => ({ n: 1 }));
    expect(row).toMatchObject(failed(1));
  });
}

describe("jobs on Postgres", () => {
  behaves(async () => ({ backend: await createQueueBackend({ kind: "postgres", url: place.url }, services), end: async () => {} }));
});

describe.skipIf(!hasRedis)("jobs on Redis (left out where no redis-server is installed)", () => {
  behaves(async () => {
    const redis = await startTestRedis();
    return { backend: await createQueueBackend({ kind: "redis", url: redis.url }, services), end: () => redis.stop() };
  });
});
