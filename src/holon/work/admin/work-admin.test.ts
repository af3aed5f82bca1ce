import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import type { SubscribingContext } from "../inbox/event-routes.ts";
import { type EventsPlace, openEventsPlace, subscribing } from "../inbox/events.testing.ts";
import { job } from "../jobs/job.ts";
import { createQueueBackend } from "../queue/bull-backend.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import { workflow } from "../workflows/workflow.ts";
import { createWorkAdmin, type WorkAdmin } from "./work-admin.ts";

describe("the admin interface of a context's work", () => {
  let place: EventsPlace;
  let backend: QueueBackend;
  let work: WorkAdmin;
  beforeAll(async () => {
    place = await openEventsPlace();
    backend = await createQueueBackend({ kind: "postgres", url: place.url }, { log: silentLogger, clock: systemClock, prefix: "test" });
    work = createWorkAdmin({
      context: "orders",
      jobs: { send: job(z.object({})) },
      workflows: {
        place: workflow({
          version: 3,
          input: z.object({}),
          earlier: { 1: { input: z.object({}), output: z.null() }, 2: { input: z.object({}), output: z.null() } },
        }),
      },
      events: subscribing[0] as SubscribingContext,
      store: place.orders,
      backend: undefined,
      clock: systemClock,
      log: silentLogger,
    });
  });
  afterEach(async () => {
    await place.reset();
    await place.sql`truncate orders.holon_jobs, orders.holon_runs cascade`;
  });
  afterAll(async () => {
    await backend?.close();
    await place?.end();
  });

  /** Parks one event. Its handler succeeds once `isFixed` returns true. */
  async function park(isFixed: () => boolean = () => true): Promise<string> {
    await place.startProducer(backend);
    await place.startConsumer(backend, () => {
      if (!isFixed()) throw new TypeError("the handler is broken");
    });
    await place.emit([{ name: "paymentTaken", key: "order 1", payload: { orderId: "order 1", n: 1 } }]);
    await until(async () => (await work.counts()).parkedCount === 1);
    const [event] = await work.parkedEvents(10);
    return event?.id ?? "";
  }

  it("shows a parked event with its reason, without its payload", async () => {
    const id = await park(() => false);
    expect(await work.parkedEvents(10)).toEqual([
      { id, producer: "payments", name: "paymentTaken", key: "order 1", attempts: 3, reason: expect.stringContaining("the handler is broken") },
    ]);
  });

  it("releases a parked event, whose effect then happens in the process that works there", async () => {
    let isFixed = false;
    const id = await park(() => isFixed);
    isFixed = true;
    expect(await work.releaseEvent(id)).toBe(true);
    await until(async () => (await place.effects()).length === 1);
    expect(await work.releaseEvent(id)).toBe(false);
  });

  it("skips a parked event, and the later one of its key goes on", async () => {
    let isFixed = false;
    const id = await park(() => isFixed);
    isFixed = true;
    await place.emit([{ name: "paymentTaken", key: "order 1", payload: { orderId: "order 1", n: 2 } }]);
    await until(async () => (await work.counts()).heldCount === 1);
    expect(await work.skipEvent(id)).toBe(true);
    await until(async () => (await place.effects()).length === 1);
    expect(await place.effects()).toEqual([{ name: "paymentTaken", key: "order 1", n: 2 }]);
  });

  it.each(["release", "skip"] as const)(
    "lists an event that waits for one which does not come, without its payload, and accepts one decision about it: %s",
    async (action) => {
      const id = randomUUID();
      await place.sql`insert into orders.holon_inbox (producer, event_id, name, position, ordered_key, key_number, state, payload, needs, needs_surely, received_at)
      values ('payments', ${id}, 'paymentTaken', 5, 'order 1', 5, 'held', '{}', 4, true, now() - interval '2 minutes')`;
      expect(await work.strandedEvents(10)).toEqual([
        { id, producer: "payments", name: "paymentTaken", key: "order 1", waitsFor: "arrival", reason: "event 4 of its key has not come" },
      ]);
      const decide = action === "release" ? work.releaseEvent : work.skipEvent;
      expect(await decide(id)).toBe(true);
      expect(await decide(id)).toBe(false);
      expect(await work.strandedEvents(10)).toEqual([]);
    },
  );

  it("forgets a subscriber that is gone, and the events that it has not taken are settled", async () => {
    await place.sql`insert into orders.holon_subscribers (subscriber, event, after_position) values ('gone', 'orderPlaced', 0)`;
    const [row] = await place.sql<{ position: string }[]>`insert into orders.holon_outbox (kind, name, payload, initiator)
      values ('event', 'orderPlaced', '{}', '{"kind":"anonymous"}') returning position`;
    await place.sql`insert into orders.holon_deliveries (position, subscriber) values (${row?.position ?? ""}, 'gone')`;
    expect(await work.forgetSubscriber("gone")).toBe(true);
    expect(await work.forgetSubscriber("gone")).toBe(false);
    expect((await work.counts()).outboxCount).toBe(0);
    await place.sql`truncate orders.holon_outbox cascade`;
  });

  it("lists failed jobs and lets one wait again, once", async () => {
    const id = randomUUID();
    await place.sql`insert into orders.holon_jobs (id, name, state, attempts, reason, initiator, settled_at)
      values (${id}, 'send', 'failed', 8, 'no mail server', '{"kind":"anonymous"}', now())`;
    expect(await work.failedJobs(10)).toMatchObject([{ id, name: "send", reason: "no mail server", attempts: 8 }]);
    expect(await work.rerunJob(id)).toBe(true);
    expect(await work.rerunJob(id)).toBe(false);
    expect((await work.counts()).jobs).toMatchObject({ waiting: 1, failed: 0 });
  });

  it("lists jobs that this version does not have, by name, with their number and the cure", async () => {
    await place.sql`insert into orders.holon_jobs (id, name, state, initiator, due_at)
      select gen_random_uuid(), case when n <= 3 then 'sendOld' else 'send' end, 'waiting', '{"kind":"anonymous"}', now() - interval '1 minute' from generate_series(1, 5) n`;
    expect(await work.unknownJobs(10)).toEqual([
      { name: "sendOld", count: 3, oldestDueMs: expect.any(Number), cure: expect.stringContaining("declare the job under this name again") },
    ]);
  });

  it("lists stuck runs and lets one go on, once", async () => {
    const id = randomUUID();
    await place.sql`insert into orders.holon_runs (id, workflow, version, key, state, input, reason, initiator)
      values (${id}, 'placeOrder', 1, 'cart 7', 'stuck', '{}', 'the undo of charge failed', '{"kind":"anonymous"}')`;
    expect(await work.stuckRuns(10)).toEqual([{ id, workflow: "placeOrder", version: 1, key: "cart 7", reason: "the undo of charge failed" }]);
    expect((await work.counts()).stuckCount).toBe(1);
    expect(await work.resumeRun(id)).toBe(true);
    expect(await work.resumeRun(id)).toBe(false);
    expect((await work.counts()).stuckCount).toBe(0);
  });

  it("says how many rows of the outbox are open and how old the oldest is", async () => {
    await place.sql`insert into orders.holon_outbox (kind, name, payload, initiator, created_at)
      values ('event', 'old', '{}', '{"kind":"anonymous"}', now() - interval '1 minute'), ('event', 'new', '{}', '{"kind":"anonymous"}', now())`;
    const { outboxCount, outboxLagMs } = await work.counts();
    expect(outboxCount).toBe(2);
    expect(outboxLagMs).toBeGreaterThanOrEqual(60_000);
    await place.sql`truncate orders.holon_outbox cascade`;
    expect(await work.counts()).toMatchObject({ outboxCount: 0, outboxLagMs: 0 });
  });

  it("counts each state up to ten thousand, by indexes, without a scan of a whole table", async () => {
    await place.sql`insert into orders.holon_jobs (id, name, state, due_at, settled_at)
      select gen_random_uuid(), 'send', case when n <= 20000 then 'done' when n <= 20003 then 'failed' when n <= 20005 then 'running' else 'waiting' end,
        now() - interval '1 minute', case when n <= 20003 then now() end from generate_series(1, 32000) n`;
    await place.sql`insert into orders.holon_outbox (kind, name, payload, initiator, settled_at)
      select 'event', 'placed', '{}', '{"kind":"anonymous"}', case when n > 4 then now() end from generate_series(1, 20000) n`;
    await place.sql`insert into orders.holon_inbox (producer, event_id, name, position, state, settled_at)
      select 'payments', gen_random_uuid(), 'paymentTaken', n, case when n <= 5 then 'parked' when n <= 11 then 'held' else 'done' end, case when n > 11 then now() end from generate_series(1, 20000) n`;
    for (const table of ["holon_jobs", "holon_outbox", "holon_inbox"]) await place.sql`analyze orders.${place.sql(table)}`;
    const scans = async () => {
      await place.sql`select pg_stat_clear_snapshot()`;
      const [row] = await place.sql<{ whole: number; indexed: number }[]>`select sum(seq_scan)::int as whole, sum(idx_scan)::int as indexed
        from pg_stat_all_tables where schemaname = 'orders' and relname in ('holon_jobs', 'holon_outbox', 'holon_inbox')`;
      return row ?? { whole: 0, indexed: 0 };
    };
    // The counters of a session are published together, a second after they changed: those of the rows above come first.
    let before = await scans();
    await until(async () => {
      const last = before;
      await place.sql`select pg_sleep(1.1)`;
      before = await scans();
      return last.whole === before.whole;
    });
    expect(await work.counts()).toMatchObject({
      ...{ outboxCount: 4, heldCount: 6, parkedCount: 5 },
      jobs: { waiting: 10_000, running: 2, failed: 3, done: 10_000, oldestDueMs: expect.closeTo(60_000, -5) },
    });
    await until(async () => (await scans()).indexed >= before.indexed + 8);
    expect((await scans()).whole).toBe(before.whole);
    await place.sql`truncate orders.holon_outbox cascade`;
  });

  it("names the versions of workflows that have open runs and no body, and those whose bodies may be removed", async () => {
    const run = (name: string, version: number, state: string) => {
      const wakeAt = state === "stuck" || state === "done" ? null : new Date(Date.now() + 3_600_000);
      return place.sql`insert into orders.holon_runs (workflow, version, key, state, input, initiator, wake_at, settled_at)
        values (${name}, ${version}, ${randomUUID()}, ${state}, '{}', '{}', ${wakeAt}, ${state === "done" ? new Date() : null})`;
    };
    await run("place", 3, "sleeping");
    await run("place", 2, "stuck");
    await run("place", 1, "done");
    await run("place", 9, "sleeping");
    await run("place", 9, "waiting");
    await run("parcel", 1, "sleeping");
    const versions = await work.runVersions();
    expect(versions.map(({ workflow: name, version, openCount, hasBody }) => [name, version, openCount, hasBody])).toEqual([
      ["parcel", 1, 1, false],
      ["place", 9, 2, false],
      ["place", 1, 0, true],
      ["place", 2, 1, true],
    ]);
    expect((await work.leftRuns()).map(({ workflow: name, version, openCount }) => [name, version, openCount])).toEqual([
      ["parcel", 1, 1],
      ["place", 9, 2],
    ]);
    expect(versions.map(({ advice }) => advice)).toEqual([
      "start the version of the app that has parcel@1, or keep its body as an earlier version",
      "start the version of the app that has place@9, or keep its body as an earlier version",
      "the body of version 1 can be removed: the version has no open run",
      "keep its body until its runs have ended",
    ]);
  });

  it.each(["", "1", "' or true --", randomUUID()])("finds nothing under the id %j", async (id) => {
    expect(await work.rerunJob(id)).toBe(false);
    expect(await work.releaseEvent(id)).toBe(false);
    expect(await work.skipEvent(id)).toBe(false);
    expect(await work.resumeRun(id)).toBe(false);
  });
});
