import { describe, expect, it } from "vitest";
import { z } from "zod";
import { signal, until } from "../../data/child.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { Scope } from "../../kernel/scope.ts";
import { job } from "./job.ts";
import type { JobCall } from "./job-call.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const Data = z.object({ n: z.int().optional() });

describe("a job", () => {
  it("runs as its context's system, for the user that enqueued it, in the trace of that user", async () => {
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

  it("is run when it is due if a queue whose clock is ahead hands it out early", async () => {
    const work = await place.start({ send: job(Data) }, { send: place.completing() });
    const id = await place.enqueue(work, { options: { delayMs: 3_600_000 } });
    const [sent] = place.queues.added;
    await place.queues.add(sent?.queue ?? "", [{ id: "early", name: "send", data: sent?.job.data ?? {} }]);
    await until(async () => (await place.row(id))["sent_at"] === null);
    expect(await place.row(id)).toMatchObject({ state: "waiting", attempts: 0, failures: 0 });
    // No queue has it now, and no sweep sends it before it is due.
    await work.sweep();
    expect(place.queues.added.length).toBe(2);
    await place.sql`update orders.holon_jobs set due_at = now()`;
    await work.sweep();
    await place.is(id, "done");
    expect(await place.effectCount()).toBe(1);
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
          return place.completing()(call);
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
    expect([attempts, await place.effectCount(), await work.rerun(id)]).toEqual([[1, 2, 3, 4], 1, false]);
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

  it("that completed in its transaction is done, even if its handler throws after that", async () => {
    const work = await place.start(
      { send: job(Data) },
      {
        send: place.completing(() => {
          throw new TypeError("after the commit");
        }),
      },
    );
    const id = await place.enqueue(work);
    await place.is(id, "done");
    expect([await place.effectCount(), (await place.row(id))["attempts"]]).toEqual([1, 1]);
  });

  it("that another runner has taken over cannot commit", async () => {
    const failure = signal<unknown>();
    const work = await place.start(
      { send: job(Data) },
      {
        send: async (call) => {
          await place.sql`update orders.holon_jobs set attempts = attempts + 1, run_by = 'another'`;
          await place.completing()(call).catch(failure.resolve);
        },
      },
    );
    await place.enqueue(work);
    expect(await failure.promise).toMatchObject({ code: "KEY_IN_FLIGHT" });
    expect(await place.effectCount()).toBe(0);
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
    const work = await place.start({ send: job(Data) }, { send: place.completing() });
    const [id = ""] = await place.append([{}]);
    await Promise.all([place.dispatch(work, id), place.dispatch(work, id), place.dispatch(work, id)]);
    await place.is(id, "done");
    await place.dispatch(work, id);
    expect([await place.effectCount(), place.queues.added.length]).toEqual([1, 1]);
  });

  it("is given back if its process stops before it ends", async () => {
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
