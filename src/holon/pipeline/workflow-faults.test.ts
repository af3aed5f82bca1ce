import { describe, expect, it } from "vitest";
import { signal, until } from "../data/child.testing.ts";
import { systemClock } from "../kernel/clock.ts";
import { Scope } from "../kernel/scope.ts";
import { DEFAULT_WORKFLOW_TIMING } from "../work/workflows/workflow-timing.ts";
import { orderTables, type PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const { happened } = orderTables;
const write = (what: string): PlaceBody => {
  return async ({ step }) => {
    await step.transaction(what, ({ tx }) => tx.db.insert(happened).values({ what, run: what }));
    return { left: 0 };
  };
};

describe("a run", () => {
  it("is undone from its records also if its body caught the error of an impossible wait, and went on", async () => {
    let undos = 0;
    const body: PlaceBody = async ({ step, run }) => {
      await step.sleep("nap", 1e18).catch(() => {});
      await step.transaction("write", ({ tx }) => tx.db.insert(happened).values({ what: "written", run: run.key }), {
        undo: async () => {
          if (++undos === 1) throw new TypeError("not at once");
        },
      });
      return step.run("refuse", ({ ctx }) => Promise.reject(ctx.fail("CONFLICT", "No.")));
    };
    // An undo that fails is tried again by another session, which knows the run only by its records.
    place.start(body, {}, { heldWaitMs: -1 });
    expect((await place.is(await place.run("1"), "undone"))["reason"]).toBe("CONFLICT: No.");
    expect(undos).toBe(2);
  });

  it.each([Number.NaN, -5, 1e18])("is undone if it would sleep %d ms", async (ms) => {
    place.start(async ({ step }) => {
      await step.sleep("nap", ms);
      return { left: 0 };
    });
    expect((await place.is(await place.run("1"), "undone"))["reason"]).toContain("The step nap cannot wait");
  });

  it("that was taken over writes nothing more", async () => {
    const [begun, go] = [signal(), signal()];
    const old = place.start(
      async ({ step, run }) => {
        await step.transaction("slow", async ({ tx }) => {
          begun.resolve();
          await go.promise;
          await tx.db.insert(happened).values({ what: `old ${run.key}`, run: run.key });
        });
        return { left: 1 };
      },
      {},
      { leaseMs: 3_600_000 },
    );
    const id = await place.run("1");
    await begun.promise;
    await place.sql`update orders.holon_runs set wake_at = now()`;
    place.start(async ({ step, run }) => {
      await step.transaction("slow", ({ tx }) => tx.db.insert(happened).values({ what: `new ${run.key}`, run: run.key }));
      return { left: 2 };
    });
    await place.is(id, "done");
    go.resolve();
    await until(() => old.work.activeCount === 0);
    expect(await place.row(id)).toMatchObject({ state: "done", result: { left: 2 }, fence: "2" });
    expect(await place.happened()).toEqual(["new 1"]);
  });

  it("is never executed twice at once, whichever process looks for it", async () => {
    const active = new Map<string, number>();
    let most = 0;
    const body: PlaceBody = async ({ step, run }) => {
      const now = (active.get(run.id) ?? 0) + 1;
      active.set(run.id, now);
      most = Math.max(most, now);
      for (const name of ["a", "b"]) await step.transaction(name, ({ tx }) => tx.db.insert(happened).values({ what: name, run: run.key }));
      active.set(run.id, now - 1);
      return { left: 0 };
    };
    for (let runner = 0; runner < 3; runner++) place.start(body);
    await Promise.all(Array.from({ length: 30 }, (_, n) => place.run(String(n))));
    await until(async () => (await place.sql`select 1 from orders.holon_runs where state <> 'done'`).length === 0);
    expect([most, (await place.happened()).length]).toEqual([1, 60]);
    expect(await place.sql`select 1 from orders.holon_runs where fence <> 1`).toEqual([]);
  });

  it("whose steps have another name, kind or order than was recorded is stuck, and goes on from there if it is resumed", async () => {
    const first = place.start(async ({ step }) => {
      await step.transaction("a", ({ tx }) => tx.db.insert(happened).values({ what: "a", run: "" }));
      await step.sleep("pause", 60_000);
      return { left: 0 };
    });
    const id = await place.run("1");
    await place.is(id, "sleeping");
    await first.work.close();
    await place.sql`update orders.holon_runs set wake_at = now()`;
    const other = place.start(write("b"));
    expect(await place.is(id, "stuck")).toMatchObject({ wake_at: null, leased_by: null });
    expect((await other.work.runs("stuck", 10)).map(({ reason, steps }) => [reason, steps.map(({ name }) => name)])).toEqual([
      ['The body does not fit what is recorded: step 1 is transaction "b", but "a" was recorded in its place.', ["a", "pause"]],
    ]);
    await other.work.close();
    await place.sql`delete from orders.holon_steps where name = 'pause'`;
    const third = place.start(write("a"));
    expect([await third.work.resume(id), await third.work.resume(id)]).toEqual([true, false]);
    await place.is(id, "done");
    expect(await place.happened()).toEqual(["a"]);
  });

  it("whose body leaves a recorded step out is stuck", async () => {
    const first = place.start(async ({ step }) => {
      await step.run("a", () => 1);
      await step.sleep("pause", 60_000);
      return { left: 0 };
    });
    const id = await place.run("1");
    await place.is(id, "sleeping");
    await first.work.close();
    await place.sql`update orders.holon_runs set wake_at = now()`;
    place.start(async () => ({ left: 0 }));
    expect((await place.is(id, "stuck"))["reason"]).toContain("did not come to the recorded steps a, pause");
  });

  it("that cannot be undone is stuck with the reason, and is undone when it is resumed after the cure", async () => {
    const state = { broken: true };
    const body: PlaceBody = async ({ step, run }) => {
      await step.call("reserve", ({ call }) => call.stock.reserve({ run: run.key }), {
        undo: async ({ call }) => {
          if (state.broken) throw new TypeError("the warehouse is closed");
          await call.stock.release({ run: run.key });
        },
      });
      await step.run("refuse", ({ ctx }) => Promise.reject(ctx.fail("CONFLICT", "No.")));
      return { left: 0 };
    };
    const { work } = place.start(body, {}, { undoAttemptsCount: 3 });
    const id = await place.run("1");
    expect((await place.is(id, "stuck"))["reason"]).toBe("The step reserve could not be undone. INTERNAL: TypeError: the warehouse is closed");
    expect(await work.counts()).toMatchObject({ stuck: 1, undoing: 0 });
    state.broken = false;
    expect(await work.resume(id)).toBe(true);
    expect(await place.is(id, "undone")).toMatchObject({ reason: "CONFLICT: No." });
    expect(await place.happened()).toEqual([]);
  });

  it.each([
    ["a callee that was away for long, and one fault", 10, 1, undefined],
    ["as many faults as the step says", 0, 15, { attempts: 16 }],
  ])("is undone after %s", async (_what, away, faults, retry) => {
    let undos = 0;
    place.start(async ({ step }) => {
      await step.run("act", () => 1, {
        ...(retry === undefined ? {} : { retry }),
        undo: ({ ctx }) => {
          if (++undos <= away) throw ctx.fail("UNAVAILABLE", "The provider is away.");
          if (undos <= away + faults) throw new TypeError("not yet");
        },
      });
      return step.run("refuse", ({ ctx }) => Promise.reject(ctx.fail("CONFLICT", "No.")));
    });
    const id = await place.run("1");
    await until(async () => ["undone", "stuck"].includes(String((await place.row(id))["state"])));
    expect([(await place.row(id))["state"], undos]).toEqual(["undone", away + faults + 1]);
  });

  it("undoes a call whose outcome is not known, without a result, and a late original has no more effect", async () => {
    const [begun, go, ended] = [signal(), signal(), signal<unknown>()];
    const undone: unknown[] = [];
    const { orders } = place.start(
      async ({ step, run }) => {
        await step.call("reserve", ({ call }) => call.stock.reserve({ run: run.key }), {
          timeoutMs: 300,
          retry: { attempts: 1 },
          undo: ({ call, result, isInDoubt, key }) => {
            undone.push([result, isInDoubt, key]);
            return call.stock.release({ run: run.key });
          },
        });
        return { left: 0 };
      },
      {
        reserving: async () => {
          begun.resolve();
          await go.promise;
        },
      },
    );
    const id = await place.run("1");
    await begun.promise;
    expect(await place.is(id, "undone")).toMatchObject({ error: { code: "DEADLINE_EXCEEDED" } });
    expect(undone).toEqual([[undefined, true, `${id}/reserve`]]);
    go.resolve();
    // The call that an outdated runner makes: it has the same principal and the same key.
    const principal = { kind: "system", context: "orders", task: "workflow place" } as const;
    const scope = Scope.root({ principal, caller: "orders", deadlineAtMs: systemClock.monotonicMs() + 10_000 });
    const { call } = orders.workflows.host.calls(scope, `${id}/reserve`).args as { call: { stock: { reserve(input: object): Promise<unknown> } } };
    await call.stock.reserve({ run: "1" }).catch(ended.resolve);
    expect(await ended.promise).toMatchObject({ code: "KEY_UNDONE" });
    expect(await place.happened()).toEqual([]);
  });

  it("that kills its runners again and again without progress is stuck", async () => {
    const id = await place.run("1");
    for (let death = 1; death <= DEFAULT_WORKFLOW_TIMING.deathsCount; death++) {
      const hung = place.start(({ step }) => step.run("hang", () => new Promise<never>(() => {})), {}, { leaseMs: 3_600_000, graceMs: 0 });
      await until(async () => Number((await place.row(id))["fence"]) === death);
      expect(await place.row(id)).toMatchObject({ deaths: death - 1, state: "running" });
      await hung.work.close();
      // A killed process leaves the run in this state.
      await place.sql`update orders.holon_runs set leased_by = 'dead', state = 'running', wake_at = now(), deaths = ${death - 1}`;
    }
    place.start(write("a"));
    expect((await place.is(id, "stuck"))["reason"]).toContain("5 processes died while they worked on it, and the run made no progress");
    expect(await place.happened()).toEqual([]);
  });

  it("of a version that this process does not have is left alone", async () => {
    const id = await place.run("1");
    await place.sql`update orders.holon_runs set version = 9`;
    const { work } = place.start(write("a"));
    await until(() => work.unknownCount === 1);
    expect(await place.row(id)).toMatchObject({ state: "waiting", fence: "0" });
  });

  it("waits in the database between attempts if the wait is long, and keeps the count", async () => {
    const attempts: number[] = [];
    const { work } = place.start(
      async ({ step }) => {
        await step.run("fault", async ({ attempt }) => {
          attempts.push(attempt);
          if (attempt < 3) throw new TypeError("not yet");
        });
        return { left: 0 };
      },
      {},
      { heldWaitMs: -1 },
      // The longest wait is chosen each time: a wait of 0 ms would be over before the run is put aside.
      () => 1,
    );
    const id = await place.run("1");
    await place.is(id, "done");
    expect([attempts, (await place.row(id))["fence"], work.activeCount >= 0]).toEqual([[1, 2, 3], "3", true]);
  });
});

describe("a run that waits", () => {
  const waiting: PlaceBody = async ({ step, run, input }) => {
    if (input.n !== undefined) await step.sleep("before", input.n);
    const paid = await step.waitFor("paid", { event: "payments.paymentTaken", key: run.key, timeoutMs: input.fails ? 50 : 3_600_000 });
    return { left: paid?.cents ?? -1 };
  };
  const paid = (order: string, cents: number): Promise<void> => place.pay(order, cents);

  it("goes on when its event comes", async () => {
    place.start(waiting);
    const id = await place.run("1");
    await place.is(id, "sleeping");
    await paid("other", 1);
    await paid("1", 5);
    expect(await place.is(id, "done")).toMatchObject({ result: { left: 5 } });
  });

  it("finds an event that came after it was started and before it waited", async () => {
    const id = await place.run("1", { n: 1 });
    await paid("1", 6);
    place.start(waiting);
    expect(await place.is(id, "done")).toMatchObject({ result: { left: 6 } });
  });

  it("does not take an event that came before it was started", async () => {
    await paid("1", 7);
    const id = await place.run("1", { fails: true });
    place.start(waiting);
    expect(await place.is(id, "done")).toMatchObject({ result: { left: -1 } });
  });

  it("gives up at its timeout", async () => {
    place.start(waiting);
    expect(await place.is(await place.run("1", { fails: true }), "done")).toMatchObject({ result: { left: -1 } });
  });

  it("misses none of many events that come while it is put to sleep", async () => {
    for (let runner = 0; runner < 2; runner++) place.start(waiting);
    const keys = Array.from({ length: 40 }, (_, n) => String(n));
    await Promise.all(keys.flatMap((key) => [place.run(key), place.run(key).then(() => paid(key, 1))]));
    await until(async () => (await place.sql`select 1 from orders.holon_runs where state <> 'done'`).length === 0);
    expect(await place.sql`select distinct result::text from orders.holon_runs`).toEqual([{ result: '{"left":1}' }]);
  });
});
