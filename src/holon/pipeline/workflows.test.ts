import { describe, expect, it } from "vitest";
import { signal } from "../data/child.testing.ts";
import { orderTables } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();

describe("a workflow", () => {
  it("takes its steps once, records them in their order, and keeps what its body answers", async () => {
    place.start(async ({ step, run }) => {
      const { left } = await step.call("ask", ({ call }) => call.stock.left());
      const reserved = await step.call("reserve", ({ call }) => call.stock.reserve({ run: run.key }));
      await step.transaction("confirm", async ({ tx }) => {
        await tx.db.insert(orderTables.happened).values({ what: "confirmed", run: run.key });
      });
      const outside = await step.run("outside", async ({ key }) => ({ key }));
      return { left: left + reserved.left + (outside.key === `${run.id}/outside` ? 100 : 0) };
    });
    const id = await place.run("1");
    expect(await place.is(id, "done")).toMatchObject({ result: { left: 110 }, deaths: 0, leased_by: null, wake_at: null });
    expect(await place.happened()).toEqual(["confirmed", "reserved"]);
    expect(await place.steps(id)).toMatchObject([
      { name: "ask", ordinal: 1, kind: "call", state: "done", result: { left: 7 } },
      { name: "reserve", ordinal: 2, kind: "call", state: "done", result: { left: 3 } },
      { name: "confirm", ordinal: 3, kind: "transaction", state: "done", result: null },
      { name: "outside", ordinal: 4, kind: "run", state: "done" },
    ]);
  });

  it("that fails undoes its steps, the last one first, and says why", async () => {
    const undone: unknown[] = [];
    place.start(async ({ step, run }) => {
      await step.call("reserve", ({ call }) => call.stock.reserve({ run: run.key }), {
        undo: ({ call, result, isInDoubt }) => {
          undone.push(["reserve", result, isInDoubt]);
          return call.stock.release({ run: run.key });
        },
      });
      await step.transaction("confirm", ({ tx }) => tx.db.insert(orderTables.happened).values({ what: "confirmed", run: run.key }), {
        undo: async ({ tx, isInDoubt }) => {
          undone.push(["confirm", isInDoubt]);
          await tx.db.delete(orderTables.happened);
        },
      });
      await step.run("refuse", ({ ctx }) => Promise.reject(ctx.fail("CONFLICT", "Too late.")));
      return { left: 0 };
    });
    const id = await place.run("1");
    expect(await place.is(id, "undone")).toMatchObject({ reason: "CONFLICT: Too late.", error: { code: "CONFLICT", message: "Too late." } });
    expect(undone).toEqual([
      ["confirm", false],
      ["reserve", { left: 3 }, false],
    ]);
    expect(await place.happened()).toEqual([]);
    expect((await place.steps(id)).map(({ state }) => state)).toEqual(["undone", "undone", "failed"]);
  });

  it("is started with the data of its transaction or not at all, and once for a key", async () => {
    await expect(
      place.transaction(async (tx) => {
        await tx.start("place", {}, { key: "gone" });
        throw new TypeError("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    expect(await place.sql`select 1 from orders.holon_runs`).toEqual([]);
    const first = await place.transaction((tx) => tx.start("place", { n: 1 }, { key: "1" }));
    const second = await place.transaction((tx) => tx.start("place", { n: 1 }, { key: "1" }));
    expect([first.isNew, second]).toEqual([true, { runId: first.runId, isNew: false }]);
    await expect(place.transaction((tx) => tx.start("place", { n: 2 }, { key: "1" }))).rejects.toMatchObject({ code: "KEY_REUSED" });
  });

  it("is started once by transactions that do so at the same moment", async () => {
    const started = await Promise.all(Array.from({ length: 8 }, () => place.transaction((tx) => tx.start("place", {}, { key: "1" }))));
    expect(new Set(started.map(({ runId }) => runId)).size).toBe(1);
    expect(started.filter(({ isNew }) => isNew).length).toBe(1);
  });

  it("takes steps at once", async () => {
    const both = [signal(), signal()] as const;
    place.start(async ({ step }) => {
      const [a, b] = await Promise.all([
        step.run("a", async () => {
          both[0].resolve();
          await both[1].promise;
          return 1;
        }),
        step.run("b", async () => {
          both[1].resolve();
          await both[0].promise;
          return 2;
        }),
      ]);
      return { left: a + b };
    });
    const id = await place.run("1");
    expect(await place.is(id, "done")).toMatchObject({ result: { left: 3 } });
    expect((await place.steps(id)).map(({ ordinal, name }) => [ordinal, name])).toEqual([
      [1, "a"],
      [2, "b"],
    ]);
  });

  it("tries faults again and fails at once by a refusal", async () => {
    const tried = { fault: 0, refusal: 0 };
    place.start(async ({ step }) => {
      await step.run("fault", async ({ attempt }) => {
        tried.fault++;
        if (attempt < 3) throw new TypeError("not yet");
      });
      await step.run("refusal", ({ ctx }) => {
        tried.refusal++;
        throw ctx.fail("NOT_FOUND");
      });
      return { left: 0 };
    });
    await place.is(await place.run("1"), "undone");
    expect(tried).toEqual({ fault: 3, refusal: 1 });
  });

  it("gets the same error when it is run again", async () => {
    const seen: unknown[] = [];
    place.start(async ({ step, run }) => {
      const failure = await step
        .call("reserve", async ({ call, ctx }) => {
          await call.stock.left();
          throw ctx.fail("CONFLICT", "No.");
        })
        .catch((error: unknown) => error);
      seen.push({ ...(failure as object), message: (failure as Error).message });
      await step.sleep("pause", 30);
      return { left: run.version };
    });
    expect(await place.is(await place.run("1"), "done")).toMatchObject({ result: { left: 1 } });
    expect(seen.length).toBe(2);
    expect(seen[0]).toMatchObject({ code: "CONFLICT", message: "No." });
    expect(seen[1]).toEqual(seen[0]);
  });

  it("refuses a second mutation of a step, and one that is not idempotent", async () => {
    const failures: string[] = [];
    const note = (error: Error): void => void failures.push(error.message);
    place.start(async ({ step, run }) => {
      await step
        .call("two", async ({ call }) => {
          await call.stock.reserve({ run: run.key });
          await call.stock.charge({ run: run.key });
        })
        .catch(note);
      await step.call("plain", ({ call }) => call.stock.count({ run: run.key })).catch(note);
      return { left: 0 };
    });
    await place.is(await place.run("1"), "done");
    expect(failures).toEqual([
      "A step of a workflow calls stock.charge after stock.reserve; a step sends one mutation: make it two steps.",
      "A step of a workflow calls stock.count, which is not idempotent; say `idempotent: true` in its contract.",
    ]);
  });
});
