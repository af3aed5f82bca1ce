import { describe, expect, it } from "vitest";
import { until } from "../data/child.testing.ts";
import { type FailsWhen, failingStatements } from "./failing-statements.testing.ts";
import type { PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();

/** Starts a process that runs a body on a store whose own statements fail. */
const startFailing = (body: PlaceBody, when: FailsWhen) =>
  place.start(body, {}, {}, undefined, undefined, { wrap: (store) => failingStatements(store, when) });

/**
 * Makes the database unreachable from the first statement that matches. That statement fails in the given way, and the next three statements fail too.
 */
function away(how: "before" | "after", matches: (task: string, text: string) => boolean): FailsWhen {
  let failed = 0;
  return ({ task, text }) => {
    if (failed === 0 ? !matches(task, text) : failed === 4) return undefined;
    return failed++ === 0 ? how : "before";
  };
}

const isEndOf = (step: string) => (task: string, text: string) => task === `step ${step}` && text.includes("settled_at");

describe.each(["before", "after"] as const)("while the database is away, from %s it has executed a statement", (how) => {
  it("the end of an effect elsewhere is written again, and the effect does not happen again", async () => {
    const acted: number[] = [];
    const body: PlaceBody = async ({ step }) => {
      await step.run("act", ({ attempt }) => acted.push(attempt));
      return { left: 0 };
    };
    startFailing(body, away(how, isEndOf("act")));
    const id = await place.run("1");
    await place.is(id, "done");
    expect([acted, (await place.row(id))["fence"]]).toEqual([[1], "1"]);
    expect((await place.steps(id)).map((step) => [step["state"], step["attempts"], step["answer_number"]])).toEqual([["done", 1, 1]]);
  });

  it("that an effect elsewhere is undone is written again, and it is not undone again", async () => {
    const undone: number[] = [];
    const body: PlaceBody = async ({ step }) => {
      await step.run("act", () => 1, { undo: ({ attempt }) => void undone.push(attempt) });
      return step.run("refuse", ({ ctx }) => Promise.reject(ctx.fail("CONFLICT", "No.")));
    };
    startFailing(
      body,
      away(how, (task) => task === "step act undone"),
    );
    const id = await place.run("1");
    await place.is(id, "undone");
    expect([undone, (await place.row(id))["fence"]]).toEqual([[1], "1"]);
  });

  it("what became of a step is asked again, and the session goes on", async () => {
    const acted: number[] = [];
    const body: PlaceBody = async ({ step }) => {
      await step.run("act", ({ attempt }) => {
        acted.push(attempt);
        if (attempt === 1) throw new TypeError("not at once");
      });
      return { left: 0 };
    };
    startFailing(
      body,
      away(how, (task) => task === "look for run"),
    );
    const id = await place.run("1");
    await place.is(id, "done");
    expect([acted, (await place.row(id))["fence"]]).toEqual([[1, 2], "1"]);
  });
});

describe("a run whose results are too large to be read all at once in time", () => {
  /** Each read of all steps of a run fails, except for the first `count`. */
  const readsFailAfter = (count: number): FailsWhen => {
    let reads = 0;
    return ({ task }) => (task === "read steps" && ++reads > count ? "before" : undefined);
  };

  it("goes on after an attempt of a step that failed", async () => {
    const acted: number[] = [];
    startFailing(async ({ step }) => {
      await step.run("act", ({ attempt }) => {
        acted.push(attempt);
        if (attempt === 1) throw new TypeError("not at once");
      });
      return { left: 0 };
    }, readsFailAfter(0));
    await place.is(await place.run("1"), "done");
    expect(acted).toEqual([1, 2]);
  });

  it("goes on being undone after an attempt to undo a step that failed", async () => {
    const undone: number[] = [];
    const undo = ({ attempt }: { readonly attempt: number }) => {
      undone.push(attempt);
      if (attempt === 1) throw new TypeError("not at once");
    };
    // An undo begins with a read of the results of all steps, because the undos get them.
    startFailing(async ({ step }) => {
      await step.run("act", () => 1, { undo });
      return step.run("refuse", ({ ctx }) => Promise.reject(ctx.fail("CONFLICT", "No.")));
    }, readsFailAfter(1));
    await place.is(await place.run("1"), "undone");
    expect(undone).toEqual([1, 2]);
  });
});

it("the end of an effect elsewhere is not written again once another process has the run", async () => {
  const acted: string[] = [];
  let writes = 0;
  const body =
    (by: string): PlaceBody =>
    async ({ step }) => {
      await step.run("act", () => acted.push(by));
      return { left: 0 };
    };
  const { work } = place.start(body("first"), {}, { leaseMs: 600, pollMs: 3_600_000 }, undefined, undefined, {
    wrap: (store) =>
      failingStatements(store, ({ task, text }) => {
        if (isEndOf("act")(task, text)) writes++;
        return writes > 0 ? "before" : undefined;
      }),
  });
  const id = await place.run("1");
  work.wake();
  await until(() => writes > 1);
  await until(() => work.activeCount === 0);
  const written = writes;
  place.start(body("second"));
  await place.is(id, "done");
  expect([acted, writes]).toEqual([["first", "second"], written]);
});

it("a run whose end was written, but whose answer was lost, is not given back: it stays done", async () => {
  let bodies = 0;
  const { work } = startFailing(
    async () => {
      bodies++;
      return { left: 0 };
    },
    away("after", (task) => task === "end run"),
  );
  const id = await place.run("1");
  await place.is(id, "done");
  await until(() => work.activeCount === 0);
  expect([bodies, await place.row(id)]).toMatchObject([1, { state: "done", wake_at: null }]);
});

describe("a step whose attempt fails", () => {
  it("has its other attempts though the session failed meanwhile, at a look for an event", async () => {
    let [isAway, hasFailed] = [false, false];
    const acted: number[] = [];
    const body: PlaceBody = async ({ step, run }) => {
      const paid = step.waitFor("paid", { event: "payments.paymentTaken", key: run.key, timeoutMs: 3_600_000 });
      await step.run("act", async ({ attempt }) => {
        acted.push(attempt);
        if (attempt > 1) return;
        isAway = true;
        await until(() => hasFailed);
        throw new TypeError("not at once");
      });
      await paid;
      return { left: 0 };
    };
    startFailing(body, ({ task }) => {
      if (!isAway || hasFailed || task !== "look for event") return undefined;
      hasFailed = true;
      return "before";
    });
    const id = await place.run("1");
    await until(() => acted.length === 2);
    await place.pay("1", 5);
    await place.is(id, "done");
    expect(acted).toEqual([1, 2]);
    expect((await place.steps(id)).map(({ name, state, attempts }) => [name, state, attempts])).toContainEqual(["act", "done", 2]);
  });
});
