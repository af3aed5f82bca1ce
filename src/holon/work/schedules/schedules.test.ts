import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { job } from "../jobs/job.ts";
import { useJobs } from "../jobs/jobs.testing.ts";
import { nextTickMs } from "./cron.ts";
import { schedule } from "./schedule.ts";

const place = useJobs();
const jobs = { count: job(z.object({ n: z.int() })) };
const handlers = { count: async () => {} };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Daily, at an hour far from now, so that no tick comes by itself while a test runs. */
const cronAt = (hoursFromNow: number) => `0 ${(new Date().getUTCHours() + hoursFromNow) % 24} * * *`;
const DAILY = cronAt(12);
const daily = { daily: schedule(DAILY, "count", { n: 1 }) };

/** A process clock that is wrong by this much. */
const wrongBy = (ms: number): Clock => ({ nowMs: () => Date.now() + ms, monotonicMs: () => systemClock.monotonicMs() });

/** Moves the clock of the database, as seen from the rows. */
const pass = (ms: number) =>
  place.sql`update orders.holon_schedules set next_at = next_at - ${ms} * interval '1 millisecond', fired_at = fired_at - ${ms} * interval '1 millisecond'`;

const nextTick = async () => {
  const [row] = await place.sql`select next_at from orders.holon_schedules`;
  return new Date(row?.["next_at"]).toISOString();
};
const tickOf = (cron: string, afterMs = Date.now()) => new Date(nextTickMs(cron, "UTC", afterMs)).toISOString();

const enqueued = () => place.sql`select name, payload, initiator->>'task' as task from orders.holon_outbox order by position`;

describe("a schedule", () => {
  it("fires once a tick with three replicas", async () => {
    const replicas = await Promise.all([1, 2, 3].map(() => place.start(jobs, handlers, { schedules: daily })));
    await Promise.all(replicas.map((work) => work.tick()));
    expect(await enqueued()).toEqual([]);
    for (let tick = 1; tick <= 20; tick++) {
      await pass(DAY_MS);
      await Promise.all(replicas.map((work) => work.tick()));
      await Promise.all(replicas.map((work) => work.tick()));
    }
    expect(await enqueued()).toEqual(Array.from({ length: 20 }, () => ({ name: "count", payload: { n: 1 }, task: "schedules" })));
  });

  it("fires once for all ticks that were missed", async () => {
    const work = await place.start(jobs, handlers, { schedules: daily });
    await pass(60 * DAY_MS);
    await work.tick();
    await work.tick();
    expect((await enqueued()).length).toBe(1);
    await pass(DAY_MS);
    await work.tick();
    expect((await enqueued()).length).toBe(2);
  });

  it.each([2, -2])("fires no tick early and loses none beside a process whose clock is wrong by %s hours", async (hours) => {
    const cron = cronAt(1);
    const schedules = { daily: schedule(cron, "count", { n: 1 }) };
    const [wrong, right] = [
      await place.start(jobs, handlers, { schedules, clock: wrongBy(hours * HOUR_MS) }),
      await place.start(jobs, handlers, { schedules }),
    ];
    expect(await nextTick()).toBe(tickOf(cron));
    await wrong.tick();
    expect(await enqueued()).toEqual([]);
    for (let tick = 1; tick <= 4; tick++) {
      await pass(DAY_MS);
      await wrong.tick();
      await right.tick();
      expect({ count: (await enqueued()).length, next: await nextTick() }).toEqual({ count: tick, next: tickOf(cron) });
    }
  });

  it("corrects a next tick that is too late, as a process with a wrong clock wrote it", async () => {
    const work = await place.start(jobs, handlers, { schedules: daily });
    await place.sql`update orders.holon_schedules set next_at = next_at + interval '3 days', fired_at = now()`;
    await work.tick();
    expect({ next: await nextTick(), enqueued: await enqueued() }).toEqual({ next: tickOf(DAILY), enqueued: [] });
  });

  it("that an operator stopped, with its next tick at infinity, stays stopped until it is given another one", async () => {
    const work = await place.start(jobs, handlers, { schedules: daily });
    await place.sql`update orders.holon_schedules set next_at = 'infinity'`;
    await work.tick();
    expect(await place.sql`select next_at::text as next from orders.holon_schedules`).toEqual([{ next: "infinity" }]);
    await place.sql`update orders.holon_schedules set next_at = now()`;
    await work.tick();
    expect({ next: await nextTick(), count: (await enqueued()).length }).toEqual({ next: tickOf(DAILY), count: 1 });
  });

  it("fires no tick again when the clock of the database is put back", async () => {
    const work = await place.start(jobs, handlers, { schedules: daily });
    await pass(DAY_MS);
    await work.tick();
    await pass(-DAY_MS);
    await work.tick();
    expect({ next: await nextTick(), count: (await enqueued()).length }).toEqual({ next: tickOf(DAILY, Date.now() + DAY_MS), count: 1 });
  });

  it("is kept while no process runs, and gets another next tick if its expression changes", async () => {
    await (await place.start(jobs, handlers, { schedules: daily })).close();
    await pass(5 * DAY_MS);
    const work = await place.start(jobs, handlers, { schedules: daily });
    await work.tick();
    expect((await enqueued()).length).toBe(1);
    const cron = cronAt(6);
    await place.start(jobs, handlers, { schedules: { daily: schedule(cron, "count", { n: 1 }) } });
    expect(await place.sql`select cron, next_at from orders.holon_schedules`).toEqual([{ cron, next_at: new Date(tickOf(cron)) }]);
  });

  it("goes by the expression that was registered last in processes of two versions", async () => {
    const later = cronAt(6);
    const before = await place.start(jobs, handlers, { schedules: daily });
    const after = await place.start(jobs, handlers, { schedules: { daily: schedule(later, "count", { n: 1 }) } });
    for (const work of [before, after, before]) {
      await pass(DAY_MS);
      await work.tick();
      await Promise.all([before.tick(), after.tick()]);
      expect(await nextTick()).toBe(tickOf(later));
    }
    expect((await enqueued()).length).toBe(3);
  });

  it("is fired by a version that does not understand the expression in its row", async () => {
    const work = await place.start(jobs, handlers, { schedules: daily });
    await place.sql`update orders.holon_schedules set cron = 'at dawn', next_at = now()`;
    await work.tick();
    expect({ next: await nextTick(), count: (await enqueued()).length }).toEqual({ next: tickOf(DAILY), count: 1 });
  });

  it("is refused when it is declared or started if it can never run", async () => {
    for (const cron of ["", "nonsense", "61 * * * *", "* * *"]) expect(() => schedule(cron, "count", {}), cron).toThrow(/is not a cron expression/);
    expect(() => schedule("* * * * *", "count", {}, { timeZone: "Mars/Base" })).toThrow(/is not a cron expression/);
    await expect(place.start(jobs, handlers, { schedules: { a: schedule("* * * * *", "nothing", {}) } })).rejects.toThrow(/no job "nothing"/);
    await expect(place.start(jobs, handlers, { schedules: { a: schedule("* * * * *", "count", { n: "x" }) } })).rejects.toThrow(
      /does not fit the job "count": n/,
    );
  });
});
