import { and, eq } from "drizzle-orm";
import { orderTables, type PlaceBody } from "./workflows.fixture.testing.ts";

const { happened } = orderTables;

/**
 * Points where a process may be killed: before and after the effect of each step, and of each undo. At the second point of a call, the callee has committed,
 * but the step is not recorded yet.
 */
export const CRASH_POINTS = ["reserve", "confirm", "charge", "outside", "nap", "last"].flatMap((step) => [`${step}:before`, `${step}:after`]);
export const UNDO_CRASH_POINTS = ["reserve", "confirm", "charge", "outside"].flatMap((step) => [`${step}:undo`, `${step}:undone`]);

/** Steps, grouped by kind. */
const KINDS = [["reserve", "charge"], ["confirm", "last"], ["outside"], ["nap"]] as const;

/**
 * Chooses one of the given points for each kind of step, by the seed. Each chosen point is after the effect. If the toolkit does not recognise a second attempt
 * as the same step, the effect happens twice, and that shows only after a crash at such a point.
 */
export function pointsOfEachKind(points: readonly string[], seed: number): string[] {
  return KINDS.flatMap((steps) => {
    const own = points.filter((point) => /:(after|undone)$/.test(point) && steps.some((step) => point.startsWith(`${step}:`)));
    return own.slice(seed % Math.max(1, own.length)).slice(0, 1);
  });
}

/** A body with a step of every kind. It calls `at` at each point. */
export function crashingPlace(at: (point: string) => Promise<void>): PlaceBody {
  return async ({ input, step, run }) => {
    const around = async <Result>(name: string, effect: () => Promise<Result>, [before, after] = ["before", "after"]): Promise<Result> => {
      await at(`${name}:${before}`);
      const result = await effect();
      await at(`${name}:${after}`);
      return result;
    };
    const undoing = <Result>(name: string, effect: () => Promise<Result>): Promise<Result> => around(name, effect, ["undo", "undone"]);
    const reserved = await step.call("reserve", ({ call }) => around("reserve", () => call.stock.reserve({ run: run.key })), {
      undo: ({ call }) => undoing("reserve", () => call.stock.release({ run: run.key })),
    });
    await step.transaction("confirm", ({ tx }) => around("confirm", () => tx.db.insert(happened).values({ what: "confirmed", run: run.key })), {
      undo: ({ tx }) => undoing("confirm", () => tx.db.delete(happened).where(and(eq(happened.run, run.key), eq(happened.what, "confirmed")))),
    });
    await step.call("charge", ({ call }) => around("charge", () => call.stock.charge({ run: `${run.key} charge` })), {
      undo: ({ call }) => undoing("charge", () => call.stock.release({ run: `${run.key} charge` })),
    });
    await step.run("outside", () => around("outside", async () => {}), { undo: () => undoing("outside", async () => {}) });
    await at("nap:before");
    await step.sleep("nap", 20);
    await at("nap:after");
    await step.transaction("last", ({ tx, ctx }) =>
      around("last", async () => {
        if (input.fails) throw ctx.fail("CONFLICT", "It fails.");
        await tx.db.insert(happened).values({ what: "last", run: run.key });
      }),
    );
    return { left: reserved.left };
  };
}
