import { describe, expect, it } from "vitest";
import { signal, until } from "../data/child.testing.ts";
import { orderTables, type PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();
const { happened } = orderTables;
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;

type Step = Parameters<PlaceBody>[0]["step"];
const write = (step: Step, what: string): Promise<unknown> =>
  step.transaction(`write ${what}`, ({ tx }) => tx.db.insert(happened).values({ what, run: what }));
const paid = (step: Step, name: string, key: string): Promise<string> =>
  step.waitFor(name, { event: "payments.paymentTaken", key, timeoutMs: WEEK_MS }).then((event) => `${name} ${event?.cents ?? "nothing"}`);
/** Ends a sleep early, as if its time had passed. */
const wake = async (id: string, name: string): Promise<void> => {
  await place.sql`update orders.holon_steps set wake_at = now() where run_id = ${id} and name = ${name}`;
  await place.sql`update orders.holon_runs set wake_at = now() where id = ${id} and leased_by is null`;
};
const sleepsIn = async (id: string, name: string): Promise<void> => {
  await until(async () => (await place.steps(id)).some((step) => step["name"] === name && step["state"] === "started"));
  await place.is(id, "sleeping");
};

describe("a race of steps", () => {
  it("that a sleep won stays won when the event of the wait comes later, in a long sleep", async () => {
    place.start(async ({ step, run }) => {
      const winner = await Promise.race([paid(step, "paid", run.key), step.sleep("reminder", 20).then(() => "reminder")]);
      await write(step, winner === "reminder" ? "reminded" : "shipped");
      await step.sleep("long", WEEK_MS);
      await write(step, "last");
      return { left: 0 };
    });
    const id = await place.run("1");
    await sleepsIn(id, "long");
    await place.pay("1", 5);
    await until(async () => (await place.steps(id)).some(({ name, state }) => name === "paid" && state === "done"));
    await sleepsIn(id, "long");
    await wake(id, "long");
    await until(async () => ["done", "stuck", "undone"].includes((await place.row(id))["state"] as string));
    expect([(await place.row(id))["reason"], await place.happened()]).toEqual([null, ["last", "reminded"]]);
  });

  it("that a wait won stays won when the sleep is over later", async () => {
    place.start(async ({ step, run }) => {
      const winner = await Promise.race([step.sleep("reminder", HOUR_MS).then(() => "reminder"), paid(step, "paid", run.key)]);
      await write(step, winner === "reminder" ? "reminded" : "shipped");
      await step.sleep("long", WEEK_MS);
      return { left: 0 };
    });
    const id = await place.run("1");
    await sleepsIn(id, "reminder");
    await place.pay("1", 5);
    await sleepsIn(id, "long");
    await wake(id, "reminder");
    await until(async () => (await place.steps(id)).some(({ name, state }) => name === "reminder" && state === "done"));
    await sleepsIn(id, "long");
    await wake(id, "long");
    await until(async () => ["done", "stuck", "undone"].includes((await place.row(id))["state"] as string));
    expect([(await place.row(id))["reason"], await place.happened()]).toEqual([null, ["shipped"]]);
  });

  it("of two steps goes to the one that ended first, also when it is run again", async () => {
    const seen: string[] = [];
    const go = signal();
    place.start(async ({ step }) => {
      const slow = step.run("slow", async () => {
        await go.promise;
        return "slow";
      });
      const winner = await Promise.race([slow, step.run("quick", () => "quick")]);
      seen.push(winner);
      go.resolve();
      await slow;
      await write(step, winner);
      await step.sleep("nap", 20);
      return { left: 0 };
    });
    await place.is(await place.run("1"), "done");
    expect([seen, await place.happened()]).toEqual([["quick", "quick"], ["quick"]]);
  });

  it("that the version before recorded ends as the moments of its records say", async () => {
    const go = signal();
    const body: PlaceBody = async ({ step, run }) => {
      const slow = step.run("slow", async () => {
        await go.promise;
        return "slow";
      });
      const winner = await Promise.race([slow, step.run("quick", () => "quick")]);
      go.resolve();
      await slow;
      await write(step, `${winner} ${run.key}`);
      await step.sleep("long", WEEK_MS);
      return { left: 0 };
    };
    const first = place.start(body);
    const id = await place.run("1");
    await sleepsIn(id, "long");
    await first.work.close();
    await place.sql`update orders.holon_steps set answer_number = null`;
    place.start(body);
    await wake(id, "long");
    await place.is(id, "done");
    expect(await place.happened()).toEqual(["quick 1"]);
    expect((await place.steps(id)).map((step) => step["answer_number"])).toEqual([null, null, null, 1]);
  });

  it("leaves the event that came to a wait which had lost to a later wait of the run", async () => {
    place.start(async ({ step, run }) => {
      let winner = "";
      for (let n = 0; n < 3 && !winner.startsWith("paid"); n++) {
        winner = await Promise.race([paid(step, `paid ${n}`, run.key), step.sleep(`reminder ${n}`, n === 0 ? 20 : HOUR_MS).then(() => "reminder")]);
      }
      await write(step, winner);
      return { left: 0 };
    });
    const id = await place.run("1");
    await sleepsIn(id, "reminder 1");
    await place.pay("1", 5);
    await place.is(id, "done");
    expect(await place.happened()).toEqual(["paid 1 5"]);
  });

  it("leaves each of two waits that are reached together an event of its own", async () => {
    place.start(async ({ step, run }) => {
      const both = await Promise.all([paid(step, "first", run.key), paid(step, "second", run.key)]);
      await write(step, both.join(", "));
      return { left: 0 };
    });
    const id = await place.run("1");
    await sleepsIn(id, "second");
    await place.pay("1", 5);
    await until(async () => (await place.steps(id)).some(({ name, state }) => name === "first" && state === "done"));
    await place.pay("1", 6);
    await place.is(id, "done");
    expect(await place.happened()).toEqual(["first 5, second 6"]);
  });
});

describe("while a step is under way", () => {
  it("a sleep that is over is seen by the body", async () => {
    const go = signal();
    place.start(async ({ step }) => {
      const slow = step.run("slow", async () => {
        await go.promise;
        return "slow";
      });
      const winner = await Promise.race([step.sleep("t", 50).then(() => "t"), slow]);
      await write(step, winner);
      go.resolve();
      await slow;
      return { left: 0 };
    });
    // The step ends only after the body has gone on without it.
    await place.is(await place.run("1"), "done");
    expect(await place.happened()).toEqual(["t"]);
  });

  it("an event that comes is seen by the body", async () => {
    const [go, begun] = [signal(), signal()];
    place.start(async ({ step, run }) => {
      const slow = step.run("slow", async () => {
        begun.resolve();
        await go.promise;
        return "slow";
      });
      const winner = await Promise.race([paid(step, "paid", run.key), slow]);
      await write(step, winner);
      go.resolve();
      await slow;
      return { left: 0 };
    });
    const id = await place.run("1");
    await begun.promise;
    await until(async () => (await place.steps(id)).length === 2);
    await place.pay("1", 7);
    await place.is(id, "done");
    expect(await place.happened()).toEqual(["paid 7"]);
  });

  it("an attempt that is due again is made", async () => {
    const go = signal();
    let attempts = 0;
    place.start(
      async ({ step }) => {
        await Promise.all([
          step.run("slow", () => go.promise),
          step.run("again", async () => {
            if (++attempts === 1) throw new TypeError("not yet");
            go.resolve();
          }),
        ]);
        return { left: 0 };
      },
      {},
      { heldWaitMs: -1 },
    );
    await place.is(await place.run("1"), "done");
    expect(attempts).toBe(2);
  });
});
