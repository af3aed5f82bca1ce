import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Semaphore } from "./semaphore.ts";

describe("a semaphore", () => {
  it("lets a fixed number run at once, and the next ones in the order in which they came", async () => {
    const semaphore = new Semaphore(2);
    const began: number[] = [];
    let most = 0;
    await Promise.all(
      [0, 1, 2, 3, 4].map((piece) =>
        semaphore.run(async () => {
          began.push(piece);
          most = Math.max(most, semaphore.inUse);
          await sleep(1);
        }),
      ),
    );
    expect([began, most, semaphore.inUse, semaphore.waiting, semaphore.free]).toEqual([[0, 1, 2, 3, 4], 2, 0, 0, 2]);
  });

  it("gives the place of work that throws to the next entry", async () => {
    const semaphore = new Semaphore(1);
    const failed = semaphore.run(() => Promise.reject(new Error("no")));
    const next = semaphore.run(async () => "next");
    await expect(failed).rejects.toThrow("no");
    expect(await next).toBe("next");
  });

  it("refuses `tryEnter` at once if no place is free", () => {
    const semaphore = new Semaphore(1);
    expect([semaphore.tryEnter(), semaphore.tryEnter()]).toEqual([true, false]);
    semaphore.leave();
    expect(semaphore.tryEnter()).toBe(true);
  });

  it("skips entries whose wait was stopped, also if the same function waits twice", () => {
    const semaphore = new Semaphore(1);
    const entered: string[] = [];
    const enter = (): unknown => entered.push("one of two");
    semaphore.tryEnter();
    const giveUp = semaphore.wait(enter);
    semaphore.wait(enter);
    const giveUpLate = semaphore.wait(() => entered.push("last"));
    giveUp();
    giveUp();
    expect(semaphore.waiting).toBe(2);
    semaphore.leave();
    semaphore.leave();
    giveUpLate();
    expect([entered, semaphore.inUse, semaphore.waiting]).toEqual([["one of two", "last"], 1, 0]);
    semaphore.leave();
    expect(semaphore.free).toBe(1);
  });
});
