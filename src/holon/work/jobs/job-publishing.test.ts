import { randomUUID } from "node:crypto";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { silentLogger, systemClock, TimerWheel } from "../../kernel/index.ts";
import { EVENT_LIMITS } from "../inbox/event-limits.ts";
import { LeftWork } from "../left-work.ts";
import { createPublisher, type Publisher } from "../outbox/index.ts";
import { job } from "./job.ts";
import { effects } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";
import type { JobWork } from "./start-job-work.ts";

const place = useJobs();
const publishers: Publisher[] = [];
const wheel = new TimerWheel(() => systemClock.monotonicMs());
afterEach(() => Promise.all(publishers.splice(0).map((publisher) => publisher.close())));
afterAll(() => wheel.close());

/** Publishes the outbox, and has its jobs taken over by these that work. */
function publish(work: JobWork): void {
  const publisher = createPublisher({
    data: place.store,
    backend: place.queues,
    limits: { ...EVENT_LIMITS, pollMs: 50 },
    clock: systemClock,
    wheel,
    log: silentLogger,
    left: new LeftWork({ context: "orders", clock: systemClock, log: silentLogger }),
  });
  publisher.dispatchJobsTo(work.dispatch);
  publishers.push(publisher);
}

describe("jobs of an outbox that is published", { timeout: 60_000 }, () => {
  it("run once each with two publishers, queues that are emptied and queues that are away", async () => {
    const jobs = { send: job(z.object({ n: z.int() })) };
    const work = await place.start(
      jobs,
      {
        send: (call) =>
          place.store.transaction(call.scope, async (tx) => {
            await tx.db.insert(effects).values({ job: String((call.data as { n: number }).n), attempt: call.attempt });
            await call.complete(tx, undefined);
          }),
      },
      { timing: { resendAfterMs: 200 } },
    );
    publish(work);
    publish(work);
    for (let round = 0; round < 10; round++) {
      place.queues.isRefusing = round % 3 === 1;
      const { refused } = place.queues;
      await place.append(Array.from({ length: 20 }, (_, n) => ({ data: { n: round * 20 + n }, options: { delayMs: 1_500 + n * 5 } })));
      if (place.queues.isRefusing) {
        await until(() => place.queues.refused > refused);
      }
      if (round % 3 === 2) {
        await until(async () => (await place.queues.depth("jobs.orders")).delayed > 0);
        expect(place.queues.empty()).toBeGreaterThan(0);
      }
    }
    place.queues.isRefusing = false;
    await until(async () => {
      await work.sweep();
      return (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 200;
    });
    const rows = await place.sql`select job, count(*)::int as count from orders.effects group by 1`;
    expect([rows.length, Math.max(...rows.map((row) => row["count"] as number))]).toEqual([200, 1]);
    expect(await place.sql`select 1 from orders.holon_outbox where settled_at is null`).toEqual([]);
  });

  it("run although rows of the outbox hold what this version does not write: a priority that is not a number, or a key too long for an index", async () => {
    const work = await place.start({ send: job(z.object({})) }, { send: place.completing() });
    const ids = await place.append(Array.from({ length: 12 }, () => ({})));
    const setOptions = (id: string | undefined, options: object) =>
      place.sql`update orders.holon_outbox set options = ${JSON.stringify(options)}::text::jsonb where id = ${id ?? ""}`;
    for (const [n, priority] of ["high", 1e30, -1, 2 ** 21, { of: "all" }].entries()) await setOptions(ids[n], { priority });
    const long = Array.from({ length: 900 }, () => randomUUID()).join("");
    await setOptions(ids[5], { deduplicationKey: long });
    publish(work);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 11);
    expect(await place.sql`select id from orders.holon_outbox where settled_at is null`).toEqual([{ id: ids[5] }]);
    expect(place.queues.added.map(({ job: { priority } }) => priority)).toEqual(place.queues.added.map(() => undefined));
  });
});
