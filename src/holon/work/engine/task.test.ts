import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { Task } from "./task.ts";
import { TaskBoard } from "./task-board.ts";

let nowMs = 0;
const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const open: Task[] = [];

function start(run: () => Promise<boolean>, options: Partial<ConstructorParameters<typeof Task>[0]> = {}) {
  const timers = new Timers(() => nowMs);
  const lines: string[] = [];
  const say: Logger["warn"] = (_fields: object | string, text?: string) => void lines.push(text ?? "");
  const log = { ...silentLogger, warn: say, info: say };
  const board = new TaskBoard(clock);
  const task = new Task({ clock, timers, log, random: () => 0, board, task: "sweep", everyMs: 1_000, run, ...options });
  open.push(task);
  return { task, lines, board };
}

/** Lets the timers see a later moment. */
async function pass(ms: number): Promise<void> {
  nowMs += ms;
  await sleep(30);
}

afterEach(async () => {
  for (const task of open.splice(0)) await task.close();
});

describe("a task", () => {
  it("runs once more when it was woken while it ran, and never twice at once", async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const { task } = start(async () => {
      runs++;
      most = Math.max(most, ++running);
      if (runs === 1) task.wake();
      await sleep(5);
      running--;
      return false;
    });
    task.wake();
    await sleep(40);
    expect([runs, most]).toEqual([2, 1]);
  });

  it("goes on at once while there is more to do, and then waits", async () => {
    let left = 3;
    const { task } = start(async () => --left > 0);
    task.wake();
    await sleep(20);
    expect(left).toBe(0);
    await pass(1_100);
    expect(left).toBe(-1);
  });

  it("that fails is not run again before its backoff is over, however often it is woken", async () => {
    let runs = 0;
    const { task } = start(async () => {
      runs++;
      throw new Error("away");
    });
    task.wake();
    await sleep(10);
    for (let wake = 0; wake < 100; wake++) task.wake();
    await sleep(30);
    expect(runs).toBe(1);
    await pass(300);
    expect(runs).toBe(2);
  });

  it("logs a lasting failure once a minute, and the end of the failure", async () => {
    let isAway = true;
    const { task, lines } = start(async () => {
      if (isAway) throw new Error("away");
      return false;
    });
    task.wake();
    await sleep(10);
    for (let time = 0; time < 5; time++) await pass(6_000);
    expect(lines).toEqual(["background work failed; it is tried again"]);
    for (let time = 0; time < 6; time++) await pass(6_000);
    expect(lines).toHaveLength(2);
    isAway = false;
    await pass(6_000);
    expect(lines[2]).toBe("background work goes on again");
  });

  it("is on the board once it has failed for five seconds, and off it when it works or is closed", async () => {
    let isAway = true;
    const { task, board } = start(async () => {
      if (isAway) throw new Error("no answer");
      return false;
    });
    task.wake();
    await sleep(10);
    expect(board.failing()).toEqual([]);
    await pass(6_000);
    expect(board.failing()).toMatchObject([{ task: "sweep", reason: expect.stringContaining("no answer") }]);
    isAway = false;
    await pass(6_000);
    expect(board.failing()).toEqual([]);
  });

  it("that is closed while it fails does not run again", async () => {
    let runs = 0;
    const { task } = start(async () => {
      runs++;
      throw new Error("away");
    });
    task.wake();
    await sleep(10);
    await task.close();
    await pass(60_000);
    expect(runs).toBe(1);
  });
});
