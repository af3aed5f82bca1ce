import { describe, expect, it } from "vitest";
import { z } from "zod";
import { signal, until } from "../../data/child.testing.ts";
import { Scope, systemClock } from "../../kernel/index.ts";
import { job } from "../job.ts";
import type { JobCall, JobHandler } from "./job-call.ts";
import { effects } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const Data = z.object({ n: z.int().optional() });

/** Writes its effect in the transaction that ends the job. */
const completing =
  (after: (call: JobCall) => void = () => {}): JobHandler =>
  async (call) => {
    await place.store.transaction(call.scope, async (tx) => {
      await tx.db.insert(effects).values({ job: "send", attempt: call.attempt });
      await call.complete(tx, undefined);
    });
    after(call);
  };

const effectCount = async () => (await place.sql`select 1 from orders.effects`).length;

describe("a job", { timeout: 60_000 }, () => {
  it("runs for its context's system, for who enqueued it, in their trace", async () => {
    const seen = signal<JobCall>();
    const work = await place.start({ send: job(Data) }, { send: async (call) => seen.resolve(call) });
    const scope = Scope.root({ principal: { kind: "user", id: "u1", roles: [] }, caller: "edge", deadlineAtMs: systemClock.monotonicMs() + 5_000 });
    const [id = ""] = await place.append([{ data: { n: 7 } }], scope);
    await place.publish(work);
    const call = await seen.promise;
    expect([call.data, call.attempt, call.scope.principal, call.scope.initiator, call.scope.trace.traceId]).toEqual([
      { n: 7 },
      1,
      { kind: "system", context: "orders", task: "job send" },
      { kind: "user", id: "u1", roles: [] },
      scope.trace.traceId,
    ]);
    await place.is(id, "done");
    expect(await place.sql`select settled_at is null as open from orders.holon_outbox`).toEqual([{ open: false }]);
  });

  it("keeps its result, by its schema, and its progress", async () => {
    const work = await place.start(
      { send: job(Data, { result: z.object({ sent: z.int() }) }) },
      {
        send: async ({ progress }) => {
          await progress({ percent: 50 });
          return { sent: 1, surplus: true };
        },
      },
    );
    const id = await place.enqueue(work);
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ result: { sent: 1 }, progress: { percent: 50 } });
  });

  it("is tried as often as it says, then kept as failed with its reason, then run again by command with one effect", async () => {
    let broken = true;
    const attempts: number[] = [];
    const work = await place.start(
      { send: job(Data, { attempts: 3 }) },
      {
        send: (call) => {
          attempts.push(call.attempt);
          if (broken) throw new TypeError("no such address");
          return completing()(call);
        },
      },
    );
    const id = await place.enqueue(work);
    await place.is(id, "failed");
    expect(attempts).toEqual([1, 2, 3]);
    expect(await place.row(id)).toMatchObject({ failures: 3, reason: "TypeError: no such address" });
    expect(await work.failed(10)).toEqual([
      { id, name: "send", reason: "TypeError: no such address", attempts: 3, deaths: 0, deathsAlone: 0, failedAt: expect.stringMatching(/^20.*Z$/) },
    ]);
    expect(await work.counts()).toEqual({ waiting: 0, running: 0, done: 0, failed: 1, oldestDueMs: 0 });
    broken = false;
    expect(await Promise.all([work.rerun(id), work.rerun(id)])).toContain(false);
    await place.is(id, "done");
    expect([attempts, await effectCount(), await work.rerun(id)]).toEqual([[1, 2, 3, 4], 1, false]);
  });

  it("waits a random part of a doubling time between attempts", async () => {
    const work = await place.start(
      { send: job(Data, { attempts: 4, backoff: { firstMs: 100_000, greatestMs: 900_000 } }) },
      { send: () => Promise.reject(new TypeError("no")) },
      { random: () => 0.5 },
    );
    const id = await place.enqueue(work);
    await until(async () => (await place.row(id))["failures"] === 1);
    expect(place.queues.added.map(({ job }) => job.delayMs ?? 0)).toEqual([0, expect.closeTo(50_000, -3)]);
  });

  it("that never returns is timed out: its signal is aborted and it is tried again", async () => {
    const reasons: unknown[] = [];
    const work = await place.start(
      { send: job(Data, { attempts: 2, timeoutMs: 50 }) },
      {
        send: ({ scope }) =>
          new Promise(() => {
            scope.signal.addEventListener("abort", () => reasons.push(scope.signal.reason.code));
          }),
      },
    );
    const id = await place.enqueue(work);
    await place.is(id, "failed");
    expect(reasons).toEqual(["DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"]);
    expect((await place.row(id))["reason"]).toMatch(/^DEADLINE_EXCEEDED/);
  });

  it("whose data does not fit its schema is set aside without a run", async () => {
    const work = await place.start({ send: job(Data) }, { send: () => Promise.reject(new TypeError("was entered")) });
    const id = await place.enqueue(work, { data: { n: "x" } });
    await place.is(id, "failed");
    expect((await place.row(id))["reason"]).toMatch(/^BAD_REQUEST.*schema: n:/);
  });

  it("that completed in its transaction is done, whatever comes after", async () => {
    const work = await place.start(
      { send: job(Data) },
      {
        send: completing(() => {
          throw new TypeError("after the commit");
        }),
      },
    );
    const id = await place.enqueue(work);
    await place.is(id, "done");
    expect([await effectCount(), (await place.row(id))["attempts"]]).toEqual([1, 1]);
  });

  it("that another runner has taken over cannot commit", async () => {
    const failure = signal<unknown>();
    const work = await place.start(
      { send: job(Data) },
      {
        send: async (call) => {
          await place.sql`update orders.holon_jobs set attempts = attempts + 1, run_by = 'another'`;
          await completing()(call).catch(failure.resolve);
        },
      },
    );
    await place.enqueue(work);
    expect(await failure.promise).toMatchObject({ code: "KEY_IN_FLIGHT" });
    expect(await effectCount()).toBe(0);
  });

  it("that takes longer than a lease is not taken for dead while its process lives", async () => {
    const release = signal();
    const work = await place.start({ send: job(Data) }, { send: () => release.promise }, { timing: { leaseMs: 300 } });
    const id = await place.enqueue(work);
    await until(async () => {
      await work.sweep();
      return (await place.sql`select 1 from orders.holon_jobs where running_since < now() - interval '1 second'`).length === 1;
    });
    release.resolve();
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ attempts: 1, deaths: 0 });
  });

  it("is dispatched once, however often its row comes", async () => {
    const work = await place.start({ send: job(Data) }, { send: completing() });
    const [id = ""] = await place.append([{}]);
    await Promise.all([work.dispatch([{ id }]), work.dispatch([{ id }]), work.dispatch([{ id }])]);
    await place.is(id, "done");
    await work.dispatch([{ id }]);
    expect([await effectCount(), place.queues.added.length]).toEqual([1, 1]);
  });

  it("is kept for a while after its end, longer where it failed", async () => {
    const work = await place.start(
      { send: job(Data), fail: job(Data, { attempts: 1 }) },
      { send: completing(), fail: () => Promise.reject(new TypeError("no")) },
    );
    const ids = [
      await place.enqueue(work),
      await place.enqueue(work),
      await place.enqueue(work, { name: "fail" }),
      await place.enqueue(work, { name: "fail" }),
    ];
    for (const [index, id] of ids.entries()) await place.is(id, index < 2 ? "done" : "failed");
    const age = (id: string | undefined, span: string) =>
      place.sql`update orders.holon_jobs set settled_at = now() - ${span}::interval where id = ${id ?? ""}`;
    await Promise.all([age(ids[0], "61 min"), age(ids[1], "59 min"), age(ids[2], "15 d"), age(ids[3], "13 d")]);
    await work.sweep();
    expect((await place.sql`select id from orders.holon_jobs`).map((row) => row["id"]).sort()).toEqual([ids[1], ids[3]].sort());
  });

  it("is given back when its process stops and it does not end", async () => {
    const entered = signal();
    const work = await place.start(
      { send: job(Data, { attempts: 1 }) },
      {
        send: () => {
          entered.resolve();
          return new Promise(() => {});
        },
      },
      { timing: { graceMs: 20 } },
    );
    const id = await place.enqueue(work);
    await entered.promise;
    await work.close();
    expect(await place.row(id)).toMatchObject({ state: "waiting", failures: 0, deaths: 0 });
  });
});

describe("queues of jobs", { timeout: 60_000 }, () => {
  it("carry addresses, by queue: a limited job has its own", async () => {
    const work = await place.start({ send: job(Data), slow: job(Data, { concurrency: 1 }) }, { send: async () => {}, slow: async () => {} });
    const ids = await place.append([{ name: "send", data: { n: 1 }, options: { priority: 3 } }, { name: "slow" }]);
    await place.publish(work);
    expect(place.queues.added).toEqual([
      { queue: "jobs.orders", job: { id: `${ids[0]}-1`, name: "send", data: { ids: [ids[0]] }, priority: 3 } },
      { queue: "jobs.orders.slow", job: { id: `${ids[1]}-1`, name: "slow", data: { ids: [ids[1]] } } },
    ]);
    for (const id of ids) await place.is(id, "done");
  });

  it("get those that are due and alike in one message; later, suspect and limited ones come alone", async () => {
    const jobs = { send: job(Data), limited: job(Data, { rate: { max: 1_000, perMs: 1 } }) };
    const work = await place.start(jobs, { send: async () => {}, limited: async () => {} });
    const ids = await place.append([
      ...Array.from({ length: 12 }, () => ({})),
      { options: { priority: 1 } },
      { options: { delayMs: 500 } },
      { options: { delayMs: 500 } },
      { name: "limited" },
      { name: "limited" },
    ]);
    await place.publish(work);
    const sizes = place.queues.added.map(({ job: { data } }) => (data as { ids: string[] }).ids.length).sort((one, other) => other - one);
    expect(sizes).toEqual([10, 2, 1, 1, 1, 1, 1]);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === ids.length);
    await place.sql`update orders.holon_jobs set state = 'waiting', sent_at = null, deaths = 1 where id = any(${ids.slice(0, 2)})`;
    place.queues.added.splice(0);
    await work.sweep();
    expect(place.queues.added.map(({ job: { data } }) => data)).toEqual(
      expect.arrayContaining(ids.slice(0, 2).map((id) => ({ ids: [id], suspect: true }))),
    );
    for (const id of ids) await place.is(id, "done");
  });

  it("get back what a message holds more than there is time for, and others run it", async () => {
    const release = signal();
    const seen: string[] = [];
    const slow: JobHandler = async () => {
      seen.push("slow");
      await release.promise;
    };
    const jobs = { send: job(Data, { concurrency: 1 }) };
    await place.start(jobs, { send: slow });
    const ids = await place.append(Array.from({ length: 6 }, () => ({})));
    const work = await place.start(jobs, { send: async () => void seen.push("other") });
    await place.publish(work);
    await until(() => seen.length === 6);
    expect(seen.filter((who) => who === "slow")).toHaveLength(1);
    release.resolve();
    for (const id of ids) await place.is(id, "done");
  });

  it("do not get a second job of a key while the first waits, and do when it has begun", async () => {
    const release = signal();
    let runs = 0;
    const handler: JobHandler = async () => {
      runs++;
      await release.promise;
    };
    const keyed = { options: { deduplicationKey: "k", delayMs: 3_600_000 } };
    const work = await place.start({ send: job(Data) }, { send: handler });
    await place.append([keyed, keyed]);
    await place.publish(work);
    await place.append([keyed, { options: { deduplicationKey: "other", delayMs: 3_600_000 } }]);
    await place.publish(work);
    expect(await place.sql`select deduplication_key as key from orders.holon_jobs order by 1`).toEqual([{ key: "k" }, { key: "other" }]);
    expect(await place.sql`select 1 from orders.holon_outbox where settled_at is null`).toEqual([]);
    await place.sql`update orders.holon_jobs set due_at = now(), sent_at = null where state = 'waiting'`;
    await work.sweep();
    await until(() => runs === 2);
    const [again = ""] = await place.append([{ options: { deduplicationKey: "k" } }]);
    await place.publish(work);
    release.resolve();
    await place.is(again, "done");
    expect(runs).toBe(3);
  });

  it("may lose all: a delayed job still runs when it is due, once", async () => {
    const work = await place.start({ send: job(Data) }, { send: completing() }, { timing: { resendAfterMs: 20 } });
    const id = await place.enqueue(work, { options: { delayMs: 300 } });
    expect(place.queues.empty()).toBe(1);
    await work.sweep();
    expect(place.queues.added.length).toBe(1);
    await until(async () => {
      await work.sweep();
      return (await place.row(id))["state"] === "done";
    });
    expect([await effectCount(), place.queues.added.at(-1)?.job.id]).toEqual([1, `${id}-2`]);
  });

  it("may be away: what they did not take is sent by the next sweep", async () => {
    const work = await place.start({ send: job(Data) }, { send: completing() });
    place.queues.reachable = false;
    const id = await place.enqueue(work);
    place.queues.reachable = true;
    expect(place.queues.added).toEqual([]);
    await work.sweep();
    await place.is(id, "done");
  });

  it("that are slow, not empty, get no second copy of a job", async () => {
    const release = signal();
    const work = await place.start({ send: job(Data, { concurrency: 1 }) }, { send: () => release.promise }, { timing: { resendAfterMs: 0 } });
    await place.append([{}, {}, {}]);
    await place.publish(work);
    // One runs; the others of its message have been put back.
    await until(() => place.queues.added.length === 3);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where due_at < now() and sent_at < now()`).length === 3);
    await work.sweep();
    expect(place.queues.added.length).toBe(3);
    release.resolve();
  });

  it("that lost a job get it again soon, but not while something of theirs is in hand", async () => {
    const release = signal();
    const handler = async (call: Parameters<ReturnType<typeof completing>>[0]) => {
      await release.promise;
      return completing()(call);
    };
    const timing = { resendLostMs: 0, resendAfterMs: 600_000 };
    const work = await place.start({ send: job(Data, { concurrency: 1 }) }, { send: handler }, { timing });
    const [first = "", second = ""] = await place.append([{}, {}]);
    await place.publish(work);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'running'`).length === 1);
    expect(place.queues.empty()).toBe(1);
    await work.sweep();
    expect(place.queues.added.length).toBe(2);
    release.resolve();
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 1);
    await until(async () => {
      await work.sweep();
      return (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === 2;
    });
    expect([(await place.row(first))["state"], (await place.row(second))["state"], place.queues.added.length]).toEqual(["done", "done", 3]);
  });

  it("may hand out a job twice: it runs once", async () => {
    let entered = 0;
    const work = await place.start(
      { send: job(Data) },
      {
        send: (call) => {
          entered++;
          return completing()(call);
        },
      },
    );
    const id = await place.enqueue(work);
    await place.queues.add("jobs.orders", [
      { id: "stale-1", name: "send", data: { ids: [id] } },
      { id: "stale-2", name: "send", data: { ids: [id] } },
      { id: "stale-3", name: "send", data: {} },
    ]);
    await place.is(id, "done");
    await until(async () => (await place.queues.depth("jobs.orders")).active === 0);
    expect([entered, await effectCount()]).toEqual([1, 1]);
  });
});
