import { describe, expect, it } from "vitest";
import { until } from "../data/child.testing.ts";
import type { PlaceBody } from "./workflows.fixture.testing.ts";
import { useWorkflows } from "./workflows.testing.ts";

const place = useWorkflows();

/** A body that has an effect in one step and then fails, so that the step is undone. */
const acting = (options: Parameters<Parameters<PlaceBody>[0]["step"]["run"]>[2]): PlaceBody => {
  return async ({ step }) => {
    await step.run("act", () => 1, options);
    return step.run("refuse", ({ ctx }) => Promise.reject(ctx.fail("CONFLICT", "No.")));
  };
};

describe("the undo of a step", () => {
  it("waits for a callee that is away by the usual waits, if those of the step's own retry are shorter", async () => {
    let undos = 0;
    const undo = ({ ctx }: { readonly ctx: { fail(code: "UNAVAILABLE", message: string): Error } }) => {
      undos++;
      throw ctx.fail("UNAVAILABLE", "The provider is away.");
    };
    // The first eight waits take no time.
    place.start(acting({ retry: { firstMs: 1, greatestMs: 10 }, undo }), {}, {}, () => (undos < 9 ? 0 : 0.999));
    const id = await place.run("1");
    await until(async () => undos >= 9 && (await place.row(id))["leased_by"] === null);
    expect([undos, await place.row(id)]).toMatchObject([9, { state: "undoing" }]);
    expect(await place.sql`select wake_at > now() + interval '10 seconds' as later from orders.holon_runs`).toEqual([{ later: true }]);
  });

  it("is not tried again here once the process stops, however short its waits are", async () => {
    let undos = 0;
    const { work } = place.start(
      acting({
        retry: { attempts: 1_000, greatestMs: 1 },
        undo: () => {
          if (++undos === 3) void work.close();
          throw new TypeError("not yet");
        },
      }),
      {},
      { graceMs: 3_600_000 },
    );
    const id = await place.run("1");
    await until(() => undos >= 3);
    await work.close();
    expect(await place.row(id)).toMatchObject({ state: "undoing", leased_by: null, deaths: 0 });
    expect(await place.steps(id)).toMatchObject([{ undo_attempts: undos }, {}]);
  });

  it("has all its attempts again after the version before has resumed its run, which knows one of the two counters only", async () => {
    let isCured = false;
    let undos = 0;
    const undo = () => {
      undos++;
      if (!isCured || undos === 1) throw new TypeError("not yet");
    };
    place.start(acting({ undo }));
    const id = await place.run("1");
    await place.is(id, "stuck");
    expect([undos, await place.steps(id)]).toMatchObject([8, [{ undo_attempts: 8, undo_failures: 8 }, {}]]);
    [isCured, undos] = [true, 0];
    await place.sql`update orders.holon_steps set undo_attempts = 0 where run_id = ${id}`;
    await place.sql`update orders.holon_runs set state = 'undoing', wake_at = now() where id = ${id}`;
    await until(async () => ["undone", "stuck"].includes(String((await place.row(id))["state"])));
    expect([undos, await place.row(id)]).toMatchObject([2, { state: "undone" }]);
  });
});

describe("a step that fails", () => {
  it.each(["run", "transaction"] as const)(
    "is not tried again here once the process stops, but elsewhere, where its count goes on: %s",
    async (kind) => {
      let tries = 0;
      let isBroken = true;
      const body =
        (onThird: () => void): PlaceBody =>
        async ({ step }) => {
          const act = async () => {
            if (++tries === 3) onThird();
            if (isBroken) throw new TypeError("not yet");
          };
          const retry = { attempts: 1_000, firstMs: 1, greatestMs: 1 };
          await (kind === "run" ? step.run("act", act, { retry }) : step.transaction("act", act, { retry }));
          return { left: 0 };
        };
      const first = place.start(
        body(() => void first.work.close()),
        {},
        { graceMs: 3_600_000 },
      );
      const id = await place.run("1");
      await until(() => tries >= 3);
      await first.work.close();
      expect(await place.row(id)).toMatchObject({ state: "waiting", leased_by: null, deaths: 0 });
      expect(await place.steps(id)).toMatchObject([{ state: "started", attempts: tries }]);
      isBroken = false;
      place.start(body(() => {}));
      await place.is(id, "done");
      expect(await place.steps(id)).toMatchObject([{ state: "done", attempts: tries }]);
    },
  );
});
