import { randomUUID } from "node:crypto";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { testScope } from "../../data/database.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { markOrigin } from "../../kernel/origin.ts";
import { Timers } from "../../kernel/timers.ts";
import { EVENT_LIMITS, type EventLimits } from "../inbox/event-limits.ts";
import { LeftWork } from "../left-work.ts";
import { createPublisher, type Publisher } from "../outbox/create-publisher.ts";
import { job } from "./job.ts";
import { effects } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";

type Dispatch = Parameters<Publisher["dispatchJobsTo"]>[0];

const place = useJobs();
const publishers: Publisher[] = [];
const timers = new Timers(() => systemClock.monotonicMs());
afterEach(() => Promise.all(publishers.splice(0).map((publisher) => publisher.close())));
afterAll(() => timers.close());

/** Publishes the outbox, and dispatches its jobs to this worker. */
function publish({ dispatch }: { readonly dispatch: Dispatch }, limits: Partial<EventLimits> = {}, log: Logger = silentLogger): void {
  const publisher = createPublisher({
    data: place.store,
    backend: place.queues,
    limits: { ...EVENT_LIMITS, pollMs: 50, ...limits },
    clock: systemClock,
    timers,
    log,
    random: () => 0,
    left: new LeftWork({ context: "orders", clock: systemClock, log: silentLogger }),
  });
  publisher.dispatchJobsTo(dispatch);
  publishers.push(publisher);
}

const HOUR_MS = 3_600_000;

/** A key that no index accepts: it is too long, and cannot be compressed. */
const longKey = (): string => Array.from({ length: 900 }, () => randomUUID()).join("");

const setOptions = (id: string | undefined, options: object) =>
  place.sql`update orders.holon_outbox set options = ${JSON.stringify(options)}::text::jsonb where id = ${id ?? ""}`;

/** Jobs in the outbox that cannot be taken over. Returns their ids. */
async function appendBad(count: number): Promise<readonly string[]> {
  const ids = await place.append(Array.from({ length: count }, () => ({})));
  const deduplicationKey = longKey();
  for (const id of ids) await setOptions(id, { deduplicationKey });
  return ids;
}

/** The jobs of a version that does not fit the tables, and how often it has tried to take some over. */
function openMisfit() {
  let tries = 0;
  const dispatch: Dispatch = async () => {
    tries++;
    throw new TypeError("there is no such table");
  };
  return { dispatch, tries: () => tries };
}

/** Collects the warnings of a log. */
function keepWarnings() {
  const warnings: { readonly fields: Record<string, unknown>; readonly message: string }[] = [];
  const log: Logger = { ...silentLogger, warn: (fields, message) => void warnings.push({ fields: { ...fields }, message }) };
  return { log, warnings };
}

const isTaskNamed = (warnings: ReturnType<typeof keepWarnings>["warnings"]): boolean => warnings.some(({ fields }) => fields["task"] === "publisher");

const isSettled = async (id: string | undefined): Promise<boolean> =>
  (await place.sql`select 1 from orders.holon_outbox where id = ${id ?? ""} and settled_at is not null`).length === 1;

describe("jobs of an outbox that is published", () => {
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
    for (const [n, priority] of ["high", 1e30, -1, 2 ** 21, { of: "all" }].entries()) await setOptions(ids[n], { priority });
    await setOptions(ids[5], { deduplicationKey: longKey() });
    publish(work);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 11);
    expect(await place.sql`select id from orders.holon_outbox where settled_at is null`).toEqual([{ id: ids[5] }]);
    expect(place.queues.added.map(({ job: { priority } }) => priority)).toEqual(place.queues.added.map(() => undefined));
  });

  it("are sent, and events too, although twenty rows before them cannot be taken over; the log names each of those once", async () => {
    const { log, warnings } = keepWarnings();
    const work = await place.start({ send: job(z.object({})) }, { send: place.completing() });
    const bad = await appendBad(20);
    const [good] = await place.append([{}]);
    await place.store.transaction(testScope(), async (tx) => tx.appendEvent({ name: "placed", key: undefined, payload: {} }));
    const [event] = await place.sql<{ id: string }[]>`select id from orders.holon_outbox where kind = 'event'`;
    const tries: unknown[] = [];
    const dispatch: Dispatch = (rows) => {
      if (rows.some(({ id }) => id === bad[0])) tries.push(rows);
      return work.dispatch(rows);
    };
    publish({ dispatch }, { leaseMs: 1_500 }, log);
    await until(async () => (await isSettled(good)) && (await isSettled(event?.id)));
    await place.is(good ?? "", "done");
    // The bad jobs are tried again, in a batch and one by one, each time that their leases have ended.
    const triesBefore = tries.length;
    await until(() => tries.length >= triesBefore + 4);
    expect(await place.sql`select id from orders.holon_outbox where settled_at is null order by position`).toEqual(bad.map((id) => ({ id })));
    expect(warnings.map(({ fields: { rowId, name, err } }) => [rowId, name, (err as Error).message])).toEqual(
      bad.map((id) => [id, "send", "A statement failed in the database."]),
    );
  });

  it("are sent although more rows stand before them than a publisher takes, and come first each time", async () => {
    const work = await place.start({ send: job(z.object({})) }, { send: place.completing() });
    const bad = await place.append(Array.from({ length: 60 }, () => ({})));
    const [good] = await place.append([{}]);
    let triesOfFirst = 0;
    const dispatch: Dispatch = async (rows) => {
      if (rows.some(({ id }) => id === bad[0])) triesOfFirst++;
      if (rows.some(({ id }) => bad.includes(id))) throw new TypeError("this row is not as it should be");
      await work.dispatch(rows);
    };
    publish({ dispatch }, { leaseCount: 10, leaseMs: 1 });
    await until(async () => (await isSettled(good)) || triesOfFirst >= 40);
    expect(await isSettled(good)).toBe(true);
  });

  it("are sent at once by a publisher whose version fits, however few failed in one whose version does not", async () => {
    const work = await place.start({ send: job(z.object({})) }, { send: place.completing() });
    const [id] = await place.append([{}]);
    const misfit = openMisfit();
    publish(misfit, { leaseMs: HOUR_MS });
    await until(() => misfit.tries() === 1);
    publish(work);
    await place.is(id ?? "", "done");
    expect(misfit.tries()).toBe(1);
  });

  it("are tried again at once when a publisher that failed for all of them sends another job", async () => {
    const { log, warnings } = keepWarnings();
    const work = await place.start({ send: job(z.object({})) }, { send: place.completing() });
    const ids = await place.append([{}, {}, {}]);
    const misfit = openMisfit();
    let dispatch: Dispatch = misfit.dispatch;
    publish({ dispatch: (rows) => dispatch(rows) }, { leaseCount: 2, leaseMs: HOUR_MS }, log);
    // The two jobs are tried together, and then each by itself. A job that is sent after that shows that these two cause the failures.
    await until(() => misfit.tries() >= 3 && isTaskNamed(warnings));
    dispatch = work.dispatch;
    for (const id of [...(await place.append([{}])), ...ids]) await place.is(id, "done");
  });

  it("that all fail are logged as the publisher's fault although it sends events, which take another way", async () => {
    const { log, warnings } = keepWarnings();
    const areEventsSettled = async (count: number): Promise<boolean> =>
      (await place.sql`select 1 from orders.holon_outbox where kind = 'event' and settled_at is not null`).length === count;
    const event = { name: "placed", key: undefined, payload: {} };
    const misfit = openMisfit();
    publish(misfit, { leaseMs: 1 }, log);
    // The first take may see no jobs yet. The next take gets all that was appended together.
    await place.store.transaction(testScope(), (tx) => tx.appendEvent(event));
    await until(() => areEventsSettled(1));
    await place.store.transaction(testScope(), async (tx) => {
      for (const data of [{}, {}]) await tx.appendJob({ name: "send", data, options: {} });
      await tx.appendEvent(event);
    });
    // The two jobs are tried together, and then each by itself. Then they are tried again.
    await until(async () => misfit.tries() > 3 && (await areEventsSettled(2)));
    expect(isTaskNamed(warnings)).toBe(true);
  });

  it("hold up no events while none of them can be taken over, because their table is locked; they are taken over when it is free", async () => {
    const work = await place.start({ send: job(z.object({})) }, { send: place.completing() });
    let [isLocked, tries] = [true, 0];
    const dispatch: Dispatch = async (rows) => {
      tries++;
      if (!isLocked) return work.dispatch(rows);
      throw markOrigin(catalogueError("OVERLOADED", "A lock was not given free in time."), { layer: "database", isPassing: true });
    };
    const ids = await place.append([{}, {}]);
    publish({ dispatch });
    // The first take has both jobs, each later take has one of them.
    await until(() => tries > 1);
    await place.store.transaction(testScope(), async (tx) => tx.appendEvent({ name: "placed", key: undefined, payload: {} }));
    const [event] = await place.sql<{ id: string }[]>`select id from orders.holon_outbox where kind = 'event'`;
    const triesBefore = tries;
    await until(async () => (await isSettled(event?.id)) || tries > triesBefore + 2);
    expect(await isSettled(event?.id)).toBe(true);
    isLocked = false;
    for (const id of ids) await place.is(id, "done");
  });

  it.each([
    { rows: "that no publisher has had", isLeaseOver: false },
    { rows: "that a publisher had which was killed", isLeaseOver: true },
  ])("are left by a publisher of which every row fails: it pauses and logs so, and others get them at once: rows $rows", async ({ isLeaseOver }) => {
    const { log, warnings } = keepWarnings();
    const work = await place.start({ send: job(z.object({})) }, { send: place.completing() });
    const ids = await place.append([{}, {}, {}]);
    if (isLeaseOver) await place.sql`update orders.holon_outbox set leased_until = now()`;
    const misfits = [openMisfit(), openMisfit()] as const;
    publish(misfits[0], { leaseMs: 1 }, log);
    // Waits for two takes. In each, all rows are tried together, and then each row by itself.
    await until(() => misfits[0].tries() >= 8);
    expect(isTaskNamed(warnings)).toBe(true);
    publish(misfits[1], { leaseMs: HOUR_MS });
    await until(() => misfits[1].tries() === 4);
    publish(work);
    for (const id of ids) await place.is(id, "done");
    expect(misfits[1].tries()).toBe(4);
  });

  it("are tried with a pause if a whole batch fails by itself, one row after the other: then the rows are not the cause", async () => {
    const { log, warnings } = keepWarnings();
    const work = await place.start({ send: job(z.object({})) }, { send: place.completing() });
    const ids = await place.append(Array.from({ length: 9 }, () => ({})));
    let isRefusing = true;
    const dispatch: Dispatch = async (rows) => {
      if (isRefusing) throw new TypeError("there is no such table");
      return work.dispatch(rows);
    };
    publish({ dispatch }, { leaseCount: 3, leaseMs: 200 }, log);
    await until(() => isTaskNamed(warnings));
    isRefusing = false;
    for (const id of ids) await place.is(id, "done");
    expect(await place.effectCount()).toBe(ids.length);
  });
});
