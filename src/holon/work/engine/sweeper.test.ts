import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger as log } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { type Retention, Sweeper } from "./sweeper.ts";
import { TaskBoard } from "./task-board.ts";

const timers = new Timers(systemClock.monotonicMs);
/** A board lists only failures that have lasted for a while: its clock is ahead by that time. */
const board = new TaskBoard({ ...systemClock, monotonicMs: () => systemClock.monotonicMs() + 60_000 });
let sweeper: Sweeper | undefined;

function sweep(retentions: readonly Retention[], onRemoved?: (table: string, count: number) => void): Sweeper {
  const removed = onRemoved === undefined ? {} : { onRemoved };
  sweeper = new Sweeper({ clock: systemClock, timers, log, board, task: "sweeper", everyMs: 60_000, batchCount: 100, retentions, ...removed });
  return sweeper;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

afterEach(() => sweeper?.close());

describe("a sweeper", () => {
  it("removes batch after batch until a short one, and reports how many rows of which table it removed", async () => {
    let left = 1_050;
    const batches: number[] = [];
    const remove = async (count: number) => {
      const gone = Math.min(count, left);
      left -= gone;
      return { removedCount: gone, isFull: gone === count };
    };
    sweep([{ table: "holon_jobs", remove }], (_table, count) => batches.push(count));
    await until(() => left === 0);
    await sleep(20);
    expect(batches).toEqual([...Array.from({ length: 10 }, () => 100), 50]);
  });

  it("goes on with the other tables when one fails, and is shown as failing", async () => {
    const swept: string[] = [];
    const remove = (table: string, isAway: boolean) => async () => {
      swept.push(table);
      if (isAway) throw new Error("locked");
      return { removedCount: 0, isFull: false };
    };
    sweep([
      { table: "holon_inbox", remove: remove("holon_inbox", true) },
      { table: "holon_jobs", remove: remove("holon_jobs", false) },
    ]);
    await until(() => swept.length >= 2);
    expect(swept.slice(0, 2)).toEqual(["holon_inbox", "holon_jobs"]);
    await until(() => board.failing().length > 0);
    expect(board.failing()).toEqual([{ task: "sweeper", failingForMs: expect.any(Number), reason: "Error: locked" }]);
  });

  it("takes smaller batches after one that failed, until they fit, and larger ones again after that", async () => {
    const asked: number[] = [];
    let left = 200;
    const remove = async (count: number) => {
      asked.push(count);
      // The first rows are so large that a statement which takes more than thirty of them exceeds its deadline.
      if (left > 150 && count > 30) throw new Error("the statement took too long");
      const gone = Math.min(count, left);
      left -= gone;
      return { removedCount: gone, isFull: gone === count };
    };
    const swept = sweep([{ table: "holon_runs", remove }]);
    await until(() => {
      swept.wake();
      return left === 0;
    });
    expect(asked.slice(0, 6)).toEqual([100, 50, 25, 28, 31, 35]);
  });

  it("lets the tables take turns, so that none waits until the longest is done", async () => {
    const swept: string[] = [];
    const remove = (table: string, batches: number) => async (count: number) => {
      swept.push(table);
      return { removedCount: count, isFull: swept.filter((name) => name === table).length < batches };
    };
    sweep([
      { table: "holon_outbox", remove: remove("holon_outbox", 4) },
      { table: "holon_keys", remove: remove("holon_keys", 2) },
    ]);
    await until(() => swept.length >= 6);
    expect(swept).toEqual(["holon_outbox", "holon_keys", "holon_outbox", "holon_keys", "holon_outbox", "holon_outbox"]);
  });

  it("goes on while batches are full, even if no row of them was old enough", async () => {
    let looked = 0;
    const batches: number[] = [];
    sweep([{ table: "holon_order", remove: async () => ({ removedCount: 0, isFull: ++looked < 5 }) }], (_table, count) => batches.push(count));
    await until(() => looked === 5);
    expect(batches).toEqual([]);
  });

  it("stops between two batches when it is closed", async () => {
    let batches = 0;
    const own = sweep([
      {
        table: "holon_jobs",
        remove: async (count) => {
          batches++;
          await sleep(20);
          return { removedCount: count, isFull: true };
        },
      },
    ]);
    await until(() => batches === 2);
    await own.close();
    expect(batches).toBeLessThanOrEqual(3);
  });
});
