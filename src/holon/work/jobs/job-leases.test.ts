import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { signal, until } from "../../data/child.testing.ts";
import { type ContextData, createContextData } from "../../data/context-data.ts";
import { testLimits } from "../../data/database.testing.ts";
import { sql } from "../../data/drizzle/sql.ts";
import { openSilentProxy, type SilentProxy } from "../../data/silent-proxy.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { LeaseSlot } from "../engine/lease-slot.ts";
import { LeaseThread, type LeaseWorker } from "../engine/lease-thread.ts";
import { job } from "./job.ts";
import type { JobCall } from "./job-call.ts";
import { type SendableJob, toQueued } from "./job-queues.ts";
import { tables } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const specs = { send: job(z.object({}), { attempts: 1 }) };
const timing = { leaseMs: 2_000, sweepMs: 100, resendAfterMs: 300, resendLostMs: 100 };

/** A connection to the database that can go silent. */
interface Line {
  readonly proxy: SilentProxy;
  readonly store: ContextData<typeof tables>;
}
let line: Line | undefined;

async function openLine(poolCount = 4): Promise<Line> {
  const proxy = await openSilentProxy(place.url);
  const limits = testLimits({ poolCount });
  const store = createContextData({ context: "orders", url: proxy.url, role: place.role, tables, limits, clock: systemClock, log: silentLogger });
  line = { proxy, store };
  return line;
}

afterEach(async () => {
  line?.proxy.speak("are cut");
  await line?.store.close();
  line?.proxy.close();
  line = undefined;
});

const leaseIsOver = async (id: string): Promise<boolean> =>
  (await place.sql`select 1 from orders.holon_jobs where id = ${id} and leased_until < now()`).length === 1;

describe("the lease of a job", () => {
  it("that could not be renewed, because the database was away, is lost: the run is aborted, and its end does not touch the run after it", async () => {
    const { proxy, store } = await openLine();
    const calls: JobCall[] = [];
    const releases = [signal(), signal(), signal()];
    const work = await place.start(
      specs,
      {
        send: async (call) => {
          calls.push(call);
          // The handler ignores its signal.
          await releases[calls.length - 1]?.promise;
        },
      },
      // Giving back takes two writes. Each of them waits for up to two seconds between its attempts.
      { store, timing: { ...timing, leaseMs: 5_000 } },
    );
    const id = await place.enqueue(work);
    await until(() => calls.length === 1);
    proxy.silence();
    await until(() => leaseIsOver(id));
    await until(() => calls[0]?.scope.cancelled !== undefined);
    proxy.speak();
    await until(() => calls.length === 2);
    releases[0]?.resolve();
    const isOld = async () =>
      (await place.sql`select 1 from orders.holon_jobs where running_since < now() - interval '6 seconds' or state <> 'running'`).length === 1;
    await until(isOld);
    releases[1]?.resolve();
    await place.is(id, "done");
    expect(calls[0]?.scope.cancelled?.message).toMatch(/lease was lost/);
    expect(await place.row(id)).toMatchObject({ attempts: 2, deaths: 0, failures: 0 });
    expect(calls.length).toBe(2);
  });

  it("is found again if the connection is cut before its claim is answered: the job is run once, and no death is counted", async () => {
    const { proxy, store } = await openLine(1);
    const patient = { ...timing, leaseMs: 60_000, sweepMs: 3_600_000 };
    const work = await place.start(specs, { send: place.completing() }, { store, timing: patient });
    // From the second time on, the statement is sent whole, without waiting for an answer to its first part.
    await place.is(await place.enqueue(work), "done");
    place.queues.isRefusing = true;
    const id = await place.enqueue(work);
    place.queues.isRefusing = false;
    // The answer to the end of the first run must arrive first: otherwise that run keeps the only connection, and the claim is never sent.
    await until(() => store.stats().inUse === 0);
    proxy.silence("answers");
    const sendable: SendableJob = { id, name: "send", sent_count: 1, delay_ms: 0, priority: null, suspect: false };
    await place.queues.add("jobs.orders", toQueued([sendable], { singly: true }));
    await until(async () => (await place.row(id))["state"] === "running");
    proxy.speak("are cut");
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ attempts: 1, deaths: 0, failures: 0 });
    expect(await place.effectCount()).toBe(2);
  });

  it("is given back if its claim was not answered and the database stays away until the message is no longer handled: no death is counted", async () => {
    const { proxy, store } = await openLine();
    const work = await place.start(specs, { send: place.completing() }, { store, timing: { ...timing, leaseMs: 1_500 } });
    const id = await place.enqueue(work, { options: { delayMs: 300 } });
    proxy.silenceAt(id, "answers");
    await until(async () => (await place.row(id))["state"] === "running");
    proxy.silenceAt(undefined);
    await until(async () => {
      proxy.speak("are cut");
      proxy.silence();
      return (await leaseIsOver(id)) && (await place.queues.depth("jobs.orders")).active === 0;
    });
    proxy.speak("are cut");
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ attempts: 1, deaths: 0, failures: 0 });
    expect(await place.effectCount()).toBe(1);
  });

  it("belongs to one run: if the same process has the next run of the job, the end of the first does not end its lease", async () => {
    const calls: JobCall[] = [];
    const releases = [signal(), signal(), signal()];
    const handler = async (call: JobCall) => {
      calls.push(call);
      await releases[calls.length - 1]?.promise;
    };
    const work = await place.start(specs, { send: handler }, { timing });
    const id = await place.enqueue(work);
    await until(() => calls.length === 1);
    // Changes the row as a process does that counts this process as dead.
    await place.sql`update orders.holon_jobs set state = 'waiting', deaths = 1, due_at = now(), sent_at = null, run_by = null, leased_until = null`;
    await until(() => calls.length === 2);
    releases[0]?.resolve();
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where running_since < now() - interval '2 seconds'`).length === 1);
    releases[1]?.resolve();
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ attempts: 2, deaths: 1 });
  });
});

describe("a job, after another job of the same message has blocked the process,", () => {
  it("does not begin on a lease that is over: it is given back, and begins with another one", async () => {
    const attempts: number[] = [];
    const handler = async ({ attempt }: JobCall) => {
      attempts.push(attempt);
      const untilMs = systemClock.monotonicMs() + 2 * timing.leaseMs;
      while (attempts.length === 1 && systemClock.monotonicMs() < untilMs);
    };
    const work = await place.start(specs, { send: handler }, { timing: { ...timing, sweepMs: 3_600_000 } });
    const ids = await place.append([{}, {}]);
    await place.publish(work);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'running' or attempts = 0`).length === 0);
    expect(attempts).toEqual([1]);
    await work.sweep();
    for (const id of ids) await place.is(id, "done");
    expect(attempts).toEqual([1, 2]);
  });
});

describe("the claim of a job, read by a second thread,", () => {
  it("is at work while its handler is, and is still held while its end is being written", async () => {
    const slots: LeaseSlot[] = [];
    const worker: LeaseWorker = {
      postMessage(order) {
        if (order.kind === "page") slots.push(...LeaseSlot.of(order.page));
      },
      ...{ on() {}, unref() {}, terminate: async () => {} },
    };
    const thread = new LeaseThread({ start: () => worker, clock: systemClock, log: silentLogger });
    const seen: unknown[] = [];
    const look = (): unknown => seen.push(slots.flatMap((slot) => slot.read() ?? []).map(({ name, isAtWork }) => ({ name, isAtWork })));
    const handler = async () => {
      look();
      setImmediate(look);
    };
    const work = await place.start(specs, { send: handler }, { thread });
    await place.is(await place.enqueue(work), "done");
    await work.close();
    look();
    await thread.close();
    const name = "orders.send";
    expect(seen).toEqual([[{ name, isAtWork: true }], [{ name, isAtWork: false }], []]);
  });
});

describe("runs whose transactions use all places of the pool", () => {
  it("have their leases renewed nevertheless: each handler is called once", async () => {
    const { store } = await openLine(2);
    let calls = 0;
    const areOld = async () => (await place.sql`select 1 from orders.holon_jobs where running_since < now() - interval '4 seconds'`).length === 2;
    const handler = async ({ scope }: JobCall) => {
      if (++calls > 2) return;
      await store.transaction(scope, async ({ db }) => {
        await db.execute(sql`select 1`);
        await until(areOld);
      });
    };
    const work = await place.start(specs, { send: handler }, { store, timing: { ...timing, leaseMs: 1_500 } });
    const ids = [await place.enqueue(work), await place.enqueue(work)];
    for (const id of ids) await place.is(id, "done");
    expect([calls, await Promise.all(ids.map(place.row))]).toMatchObject([2, ids.map(() => ({ attempts: 1, deaths: 0, failures: 0 }))]);
  });
});

/** The statement that writes that a run begins, see `JobTable.begin`. */
const BEGIN = "set deduplication_key = null";

const unswept = { ...timing, sweepMs: 3_600_000 };
const isTakenFor = (id: string, ms: number) => async (): Promise<boolean> =>
  (await place.sql`select 1 from orders.holon_jobs where id = ${id} and running_since < now() - ${ms} * interval '1 millisecond'`).length === 1;

describe("a job during the statement that writes that its run begins", () => {
  it("has its lease renewed: however long that takes, its handler is called once, with all of its time", async () => {
    const { proxy, store } = await openLine();
    let calls = 0;
    const handler = async () => {
      calls++;
      await place.sql`select pg_sleep(0.2)`;
    };
    const own = { send: job(z.object({}), { attempts: 1, timeoutMs: 1_000 }) };
    const work = await place.start(own, { send: handler }, { store, timing: unswept });
    proxy.silenceAt(BEGIN);
    const id = await place.enqueue(work, { options: { deduplicationKey: "k" } });
    await until(isTakenFor(id, 2 * timing.leaseMs));
    proxy.silenceAt(undefined);
    proxy.speak();
    await until(async () => (await place.row(id))["state"] !== "running");
    expect([calls, await place.row(id)]).toEqual([1, expect.objectContaining({ state: "done", attempts: 1, failures: 0, reason: null })]);
  });

  it("does not begin if its lease is lost: it is given back, and its handler is called once", async () => {
    const { proxy, store } = await openLine();
    let calls = 0;
    const handler = async () => {
      calls++;
      await place.sql`select pg_sleep(0.2)`;
    };
    const work = await place.start(specs, { send: handler }, { store, timing: unswept });
    proxy.silenceAt(BEGIN);
    const id = await place.enqueue(work, { options: { deduplicationKey: "k" } });
    await until(() => proxy.heldBytes > 0);
    proxy.silence();
    await until(isTakenFor(id, 2 * timing.leaseMs));
    proxy.silenceAt(undefined);
    proxy.speak();
    await until(async () => (await place.row(id))["state"] !== "running");
    expect([calls, await place.row(id)]).toEqual([0, expect.objectContaining({ state: "waiting", attempts: 1, failures: 0 })]);
    await work.sweep();
    await place.is(id, "done");
    expect([calls, await place.row(id)]).toEqual([1, expect.objectContaining({ attempts: 2, failures: 0, deaths: 0 })]);
  });

  it("does not begin in a process that stops, and is given back", async () => {
    const { proxy, store } = await openLine();
    const entered: string[] = [];
    const isAborted = signal();
    const own = { ...specs, wait: job(z.object({})) };
    const wait = async ({ scope }: JobCall) => {
      scope.onCancel(() => isAborted.resolve());
      await isAborted.promise;
    };
    const work = await place.start(
      own,
      {
        wait: (call) => {
          entered.push("wait");
          return wait(call);
        },
        send: async () => void entered.push("send"),
      },
      { store, timing: { graceMs: 20 } },
    );
    await place.enqueue(work, { name: "wait" });
    await until(() => entered.length === 1);
    proxy.silenceAt(BEGIN);
    const id = await place.enqueue(work, { options: { deduplicationKey: "k" } });
    await until(() => proxy.heldBytes > 0);
    const closing = work.close();
    await isAborted.promise;
    proxy.silenceAt(undefined);
    proxy.speak();
    await closing;
    expect([entered, await place.row(id)]).toEqual([["wait"], expect.objectContaining({ state: "waiting", failures: 0, deaths: 0 })]);
  });
});
