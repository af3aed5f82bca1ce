import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ODD_VALUES } from "../observe/odd-values.testing.ts";
import { THROWN_VALUES } from "../observe/thrown-values.testing.ts";
import type { WorkflowBody } from "../work/workflows/workflow-body.ts";
import { orderTables, type PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const { happened } = orderTables;
const waitForKey = async (step: Parameters<PlaceBody>[0]["step"], key: string) => {
  await step.waitFor("paid", { event: "payments.paymentTaken", key, timeoutMs: 1_000 });
  return { left: 0 };
};
const throwingRetry = {
  get attempts(): number {
    throw new TypeError("a getter throws");
  },
};

describe("a run", () => {
  it.each(THROWN_VALUES)("ends undone, and its undo ran, when a step throws %s", async (_name, thrown) => {
    const undone: string[] = [];
    place.start(async ({ step, run }) => {
      await step.transaction("write", ({ tx }) => tx.db.insert(happened).values({ what: "written", run: run.key }), {
        undo: async () => {
          undone.push(run.key);
        },
      });
      await step.run("fail", () => Promise.reject(thrown), { retry: { attempts: 2, firstMs: 1 } });
      return { left: 0 };
    }, {});
    await place.is(await place.run("1"), "undone");
    expect(undone).toEqual(["1"]);
  });

  it.each(THROWN_VALUES)("ends undone when its body throws %s", async (_name, thrown) => {
    place.start(async () => {
      throw thrown;
    });
    await place.is(await place.run("1"), "undone");
  });

  it.each(ODD_VALUES)("ends undone when its body answers %s", async (_name, odd) => {
    place.start(async () => odd() as never);
    expect(await place.is(await place.run("1"), "undone")).toMatchObject({ deaths: 0, reason: expect.stringContaining("INTERNAL") });
  });

  it("ends undone when its body answers a BigInt that its schema lets through", async () => {
    const { orders } = place.start(async () => ({ left: 1n }) as never);
    const bodies = orders.workflows.bodies as Map<string, WorkflowBody>;
    bodies.set("place@1", { ...(bodies.get("place@1") as WorkflowBody), parseOutput: (value) => value });
    expect((await place.is(await place.run("1"), "undone"))["reason"]).toContain("BigInt");
  });

  it.each<[string, PlaceBody]>([
    ["is named with U+0000", ({ step }) => step.run("a\u0000b", () => ({ left: 0 }))],
    ["is named with a lone surrogate", ({ step }) => step.transaction("a\uD800b", async () => ({ left: 0 }))],
    ["has no name", ({ step }) => step.run(undefined as never, () => ({ left: 0 }))],
    ["has a name that no index takes", ({ step }) => step.run(Array.from({ length: 900 }, () => randomUUID()).join(""), () => ({ left: 0 }))],
    ["waits for a key with U+0000", ({ step }) => waitForKey(step, "a\u0000b")],
    ["waits for a key that is not a text", ({ step }) => waitForKey(step, {} as never)],
    ["waits for nothing", ({ step }) => step.waitFor("paid", undefined as never).then(() => ({ left: 0 }))],
    ["waits for a time that is not a number", ({ step }) => step.sleep("nap", Symbol("odd") as never).then(() => ({ left: 0 }))],
    ["is tried as options say that throw", ({ step }) => step.run("odd", () => Promise.reject(new TypeError("no")), { retry: throwingRetry })],
  ])("is undone where a step of it %s", async (_what, body) => {
    place.start(body);
    expect((await place.is(await place.run("1"), "undone"))["reason"]).toMatch(/BAD_REQUEST|INTERNAL/);
  });

  it.each(ODD_VALUES)("ends undone when a step answers %s", async (_name, odd) => {
    for (const kind of ["run", "transaction", "call"] as const)
      place.start(async ({ step }) => {
        await step[kind](kind, async () => odd() as never, { retry: { attempts: 2, firstMs: 1 } });
        return { left: 0 };
      });
    await place.is(await place.run("1"), "undone");
  });

  it.each(THROWN_VALUES)("is stuck with a reason, and starts no loop, when its undo throws %s each time", async (_name, thrown) => {
    let undos = 0;
    place.start(
      async ({ step }) => {
        await step.run("write", () => 1, {
          undo: () => {
            undos++;
            throw thrown;
          },
        });
        await step.run("refuse", ({ ctx }) => Promise.reject(ctx.fail("CONFLICT", "No.")));
        return { left: 0 };
      },
      {},
      { undoAttemptsCount: 2, undoAwayAttemptsCount: 2 },
    );
    const { reason } = await place.is(await place.run("1"), "stuck");
    expect(reason).toContain("The step write could not be undone");
    expect((reason as string).length).toBeLessThan(2_000);
    expect(undos).toBe(2);
  });
});

describe("a step that answers what no text of the database can hold", () => {
  it.each([
    ["U+0000", { text: "a\u0000b", "\u0000": 1 }],
    ["half of a surrogate pair", { text: "a\ud83db" }],
  ])("is done after one call, and its answer is kept as it is: %s", async (_name, answer) => {
    let calls = 0;
    place.start(async ({ step }) => {
      const act = () => {
        calls++;
        return answer;
      };
      const got = [await step.run("act", act), await step.transaction("write", async () => act())];
      return { left: got.length };
    });
    const id = await place.run("1");
    await place.is(id, "done");
    expect([calls, (await place.steps(id)).map(({ result }) => result)]).toEqual([2, [answer, answer]]);
  });
});

describe("a step that answers what JSON cannot hold", () => {
  const cyclic = (): unknown => {
    const value: Record<string, unknown> = {};
    value["own"] = value;
    return value;
  };
  const UNKEPT: readonly (readonly [string, () => unknown])[] = [
    ["a BigInt", () => 1n],
    ["an object that refers to itself", cyclic],
    ["a function", () => () => 1],
    ["a symbol", () => Symbol("odd")],
    ["more than a megabyte", () => "x".repeat(1024 * 1024)],
  ];

  it.each(UNKEPT)("writes nothing and fails once, in a transaction that answers %s", async (_name, make) => {
    let calls = 0;
    place.start(async ({ step, run }) => {
      await step.transaction("write", async ({ tx }) => {
        calls++;
        await tx.db.insert(happened).values({ what: "written", run: run.key });
        return make() as never;
      });
      return { left: 0 };
    });
    const id = await place.run("1");
    expect((await place.is(id, "undone"))["reason"]).toContain("The step write is rolled back: its answer cannot be kept as JSON");
    expect([calls, await place.happened(), (await place.steps(id)).map((step) => step["state"])]).toEqual([1, [], ["failed"]]);
  });

  it("is in doubt, with an effect elsewhere, if a statement after the effect waited for a lock until its time was over", async () => {
    const undone: unknown[] = [];
    place.start(async ({ step }) => {
      await step.run(
        "act",
        async ({ ctx }) => {
          // An outside effect would be here.
          await ctx.db.select().from(happened);
        },
        { undo: ({ isInDoubt }) => void undone.push(isInDoubt), retry: { attempts: 1 } },
      );
      return { left: 0 };
    });
    await place.sql.begin(async (sql) => {
      await sql`lock table orders.happened in access exclusive mode`;
      await place.is(await place.run("1"), "undone");
    });
    expect(undone).toEqual([true]);
  });

  it.each(UNKEPT)("acts once, is in doubt and is undone, with an effect elsewhere that answers %s", async (_name, make) => {
    let calls = 0;
    const undone: unknown[] = [];
    place.start(async ({ step }) => {
      await step.run(
        "act",
        () => {
          calls++;
          return make() as never;
        },
        { undo: ({ isInDoubt, result }) => void undone.push([isInDoubt, result]) },
      );
      return { left: 0 };
    });
    const id = await place.run("1");
    expect((await place.is(id, "undone"))["reason"]).toContain("The step act has acted, and is not tried again: its answer cannot be kept as JSON");
    expect([calls, undone, (await place.steps(id)).map((step) => [step["state"], step["in_doubt"]])]).toEqual([
      1,
      [[true, undefined]],
      [["undone", true]],
    ]);
  });
});
