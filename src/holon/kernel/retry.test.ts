import { describe, expect, it } from "vitest";
import { systemClock } from "./clock.ts";
import { catalogueError } from "./holon-error.ts";
import { isPassing, markOrigin, originOf } from "./origin.ts";
import { retry } from "./retry.ts";
import { Scope } from "./scope.ts";
import { Timers } from "./timers.ts";

const deps = { clock: systemClock, timers: new Timers(systemClock.monotonicMs), random: () => 0 };
const POLICY = { attempts: 4, firstMs: 1, greatestMs: 2 };
const away = () => markOrigin(catalogueError("UNAVAILABLE", "The database cannot be reached."), { layer: "database", isPassing: true });

function failing(times: number, error: () => Error) {
  let runs = 0;
  const work = async (): Promise<number> => {
    runs++;
    if (runs <= times) throw error();
    return runs;
  };
  return { work, runs: () => runs };
}

describe("retry", () => {
  it("runs work again that failed in a way which passes, up to its attempts", async () => {
    expect(await retry(deps, POLICY, failing(3, away).work)).toBe(4);
    const { work, runs } = failing(9, away);
    await expect(retry(deps, POLICY, work)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(runs()).toBe(4);
  });

  it("does not run work again after an error of an app, even with the same code", async () => {
    const { work, runs } = failing(1, () => catalogueError("UNAVAILABLE", "the mail server is away"));
    await expect(retry(deps, POLICY, work)).rejects.toMatchObject({ message: "the mail server is away" });
    expect(runs()).toBe(1);
  });

  it("ends with its scope, also during a wait", async () => {
    const scope = Scope.root({ principal: { kind: "anonymous" }, caller: "test", deadlineAtMs: Number.POSITIVE_INFINITY });
    const { work, runs } = failing(9, away);
    const tried = retry({ ...deps, random: () => 0.999 }, { attempts: 9, firstMs: 60_000, greatestMs: 60_000 }, work, { scope });
    await new Promise((resolve) => setTimeout(resolve, 20));
    scope.cancel(catalogueError("CANCELLED", "over"));
    await expect(tried).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(runs()).toBe(1);
  });

  it("ends when its time is over or `isOver` answers true", async () => {
    let nowMs = 0;
    const { work, runs } = failing(9, () => {
      nowMs += 40;
      return away();
    });
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    const timed = { ...deps, clock, timers: deps.timers };
    await expect(retry(timed, { forMs: 100, firstMs: 1, greatestMs: 1 }, work)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(runs()).toBe(3);
    const other = failing(9, away);
    await expect(retry(deps, POLICY, other.work, { isOver: () => true })).rejects.toThrow();
    expect(other.runs()).toBe(1);
  });
});

describe("the origin of an error", () => {
  it("is known only for the error that a layer has marked", () => {
    const error = away();
    expect(originOf(error)).toEqual({ layer: "database", isPassing: true });
    expect([isPassing(error), isPassing(catalogueError("UNAVAILABLE", "")), isPassing(null), isPassing("UNAVAILABLE")]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
