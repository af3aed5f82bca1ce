import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { silentLogger, systemClock, TimerWheel } from "../../kernel/index.ts";
import { EVENT_LIMITS } from "../inbox/event-limits.ts";
import { LeftWork } from "../left-work.ts";
import { createPublisher, type Publisher } from "../outbox/index.ts";
import { job } from "./job.ts";
import { effects } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const publishers: Publisher[] = [];
afterEach(() => Promise.all(publishers.splice(0).map((publisher) => publisher.close())));

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
    const wheel = new TimerWheel(() => systemClock.monotonicMs());
    for (let count = 0; count < 2; count++) {
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
    wheel.close();
  });
});
