import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Clock, systemClock } from "../../kernel/index.ts";
import { job } from "../jobs/job.ts";
import { useJobs } from "../jobs/jobs.testing.ts";
import { schedule } from "./schedule.ts";

const place = useJobs();
const jobs = { count: job(z.object({ n: z.int() })) };
const everyMinute = { minutely: schedule("* * * * *", "count", { n: 1 }) };
const MINUTE_MS = 60_000;
const FIRST_MS = Date.UTC(2030, 0, 1, 12, 0, 30);

class TestClock implements Clock {
  atMs = FIRST_MS;
  nowMs = (): number => this.atMs;
  monotonicMs = (): number => systemClock.monotonicMs();
}

const handlers = { count: async () => {} };
const enqueued = () => place.sql`select name, payload, initiator->>'task' as task from orders.holon_outbox order by position`;

describe("a schedule", { timeout: 60_000 }, () => {
  it("fires once a tick with three replicas", async () => {
    const clock = new TestClock();
    const replicas = await Promise.all([1, 2, 3].map(() => place.start(jobs, handlers, { schedules: everyMinute, clock })));
    await Promise.all(replicas.map((work) => work.tick()));
    expect(await enqueued()).toEqual([]);
    for (let tick = 1; tick <= 20; tick++) {
      clock.atMs += MINUTE_MS;
      await Promise.all(replicas.map((work) => work.tick()));
      await Promise.all(replicas.map((work) => work.tick()));
    }
    expect(await enqueued()).toEqual(Array.from({ length: 20 }, () => ({ name: "count", payload: { n: 1 }, task: "schedules" })));
  });

  it("fires once for all ticks that were missed", async () => {
    const clock = new TestClock();
    const work = await place.start(jobs, handlers, { schedules: everyMinute, clock });
    clock.atMs += 60 * MINUTE_MS;
    await work.tick();
    await work.tick();
    expect((await enqueued()).length).toBe(1);
    clock.atMs += MINUTE_MS;
    await work.tick();
    expect((await enqueued()).length).toBe(2);
  });

  it("does not fire a tick again where a replica's clock is behind", async () => {
    const [ahead, behind] = [new TestClock(), new TestClock()];
    const first = await place.start(jobs, handlers, { schedules: everyMinute, clock: ahead });
    const second = await place.start(jobs, handlers, { schedules: everyMinute, clock: behind });
    ahead.atMs = FIRST_MS + MINUTE_MS;
    await first.tick();
    behind.atMs = FIRST_MS + MINUTE_MS - 10_000;
    await second.tick();
    behind.atMs = FIRST_MS + MINUTE_MS;
    await second.tick();
    expect((await enqueued()).length).toBe(1);
  });

  it("is remembered while no process runs, and moved when its expression changes", async () => {
    const clock = new TestClock();
    await (await place.start(jobs, handlers, { schedules: everyMinute, clock })).close();
    clock.atMs += 5 * MINUTE_MS;
    const work = await place.start(jobs, handlers, { schedules: everyMinute, clock });
    await work.tick();
    expect((await enqueued()).length).toBe(1);
    await place.start(jobs, handlers, { schedules: { minutely: schedule("0 3 * * *", "count", { n: 1 }, { timeZone: "Europe/Berlin" }) }, clock });
    expect(await place.sql`select cron, next_at from orders.holon_schedules`).toEqual([
      { cron: "0 3 * * *", next_at: new Date("2030-01-02T02:00:00Z") },
    ]);
  });

  it("refuses to be declared or started where it cannot be kept", async () => {
    for (const cron of ["", "nonsense", "61 * * * *", "* * *"]) expect(() => schedule(cron, "count", {}), cron).toThrow(/is no cron expression/);
    expect(() => schedule("* * * * *", "count", {}, { timeZone: "Mars/Base" })).toThrow(/is no cron expression/);
    await expect(place.start(jobs, handlers, { schedules: { a: schedule("* * * * *", "nothing", {}) } })).rejects.toThrow(/no job "nothing"/);
    await expect(place.start(jobs, handlers, { schedules: { a: schedule("* * * * *", "count", { n: "x" }) } })).rejects.toThrow(
      /does not fit the job "count": n/,
    );
  });
});
