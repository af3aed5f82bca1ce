import postgres from "postgres";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { createContextData } from "../../data/context-data.ts";
import { testLimits } from "../../data/database.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { EVENT_LIMITS } from "../inbox/event-limits.ts";
import { LeftWork } from "../left-work.ts";
import { createPublisher } from "../outbox/create-publisher.ts";
import { job } from "./job.ts";
import { tables } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();

/** A publisher of the context, with statements that wait for locks for 100 ms. */
function openPublisher(log: Logger = silentLogger) {
  const timers = new Timers(() => systemClock.monotonicMs());
  const limits = testLimits({ lockTimeoutMs: 100 });
  const store = createContextData({ context: "orders", url: place.url, role: place.role, tables, limits, clock: systemClock, log: silentLogger });
  const publisher = createPublisher({
    ...{ data: store, backend: place.queues, clock: systemClock, timers, log, random: () => 0 },
    limits: { ...EVENT_LIMITS, pollMs: 50 },
    left: new LeftWork({ context: "orders", clock: systemClock, log: silentLogger }),
  });
  onTestFinished(async () => {
    await publisher.close();
    await store.close();
    timers.close();
  });
  return { publisher, store };
}

it("jobs are taken over although an open session keeps the deduplication keys of some", async () => {
  const { publisher, store } = openPublisher();
  const operator = postgres(place.url, { max: 1, onnotice: () => {} });
  const work = await place.start({ send: job(z.object({})) }, { send: async () => {} }, { store });
  const keys = ["a", "b"].map((deduplicationKey) => ({ options: { deduplicationKey } }));
  for (const one of keys) await place.enqueue(work, { ...one, options: { ...one.options, delayMs: 3_600_000 } });
  const unsettled = async () => (await place.sql`select id from orders.holon_outbox where settled_at is null order by position`).map(({ id }) => id);
  try {
    await operator`begin`;
    await operator`delete from orders.holon_jobs`;
    const ids = await place.append([...keys, ...Array.from({ length: 20 }, () => ({}))]);
    publisher.dispatchJobsTo(work.dispatch);
    await until(async () => (await unsettled()).length <= 2);
    expect(await unsettled()).toEqual(ids.slice(0, 2));
    await operator`commit`;
    await until(async () => (await unsettled()).length === 0);
  } finally {
    await operator.end({ timeout: 1 });
  }
});

it("a publisher whose only job meets a lock fails until the lock is gone, and does not say in between that it works", async () => {
  const failures: unknown[] = [];
  const log = { ...silentLogger, warn: (_: unknown, message: string) => failures.push(message) } as unknown as Logger;
  const { publisher, store } = openPublisher(log);
  const operator = postgres(place.url, { max: 1, onnotice: () => {} });
  const work = await place.start({ send: job(z.object({})) }, { send: async () => {} }, { store });
  const options = { deduplicationKey: "a" };
  await place.enqueue(work, { options: { ...options, delayMs: 3_600_000 } });
  try {
    await operator`begin`;
    await operator`delete from orders.holon_jobs`;
    await place.append([{ options }]);
    let tries = 0;
    publisher.dispatchJobsTo((rows) => {
      tries++;
      return work.dispatch(rows);
    });
    await until(() => tries >= 4);
    expect(failures).toEqual(["background work failed; it is tried again"]);
    await operator`commit`;
    await until(async () => (await place.sql`select 1 from orders.holon_outbox where settled_at is null`).length === 0);
  } finally {
    await operator.end({ timeout: 1 });
  }
});
