import { describe, expect, it } from "vitest";
import { JobGate } from "./job-gate.ts";

function gateOf(concurrency: number, aheadCount = 16) {
  const ahead: number[] = [];
  const gate = new JobGate({ concurrency, aheadCount, onAhead: (count) => ahead.push(count) });
  return { gate, ahead };
}

/** Lets this many runs of this length enter and leave, one after the other. */
function turn(gate: JobGate, count: number, tookMs: number): void {
  for (let run = 0; run < count; run++) {
    gate.leave(tookMs);
    void gate.enter();
  }
}

describe("a gate of jobs", () => {
  it("admits a fixed number at once, and the next one when one leaves", async () => {
    const { gate } = gateOf(2);
    expect([gate.enter(), gate.enter()]).toEqual([true, true]);
    const third = gate.enter();
    gate.leave(1);
    expect(await third).toBe(true);
  });

  it("keeps the order of the waiting jobs", async () => {
    const { gate } = gateOf(1);
    void gate.enter();
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (n) => {
      await gate.enter();
      order.push(n);
      gate.leave(1);
    });
    gate.leave(1);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  it("refuses a job that waits for long, and takes no messages ahead after that while runs take long", async () => {
    const { gate, ahead } = gateOf(1);
    void gate.enter();
    turn(gate, 50, 0.1);
    expect(ahead.at(-1)).toBe(16);
    expect(await gate.enter()).toBe(false);
    turn(gate, 10, 1_000);
    expect(ahead.at(-1)).toBe(0);
  });

  it("takes no messages ahead if the limit is 0", () => {
    const { gate, ahead } = gateOf(4, 0);
    void gate.enter();
    turn(gate, 50, 0.1);
    expect(ahead).toEqual([]);
  });

  it("has room for a whole message if runs are short, and for one job of it if they take long", () => {
    const { gate } = gateOf(1);
    void gate.enter();
    turn(gate, 50, 0.1);
    expect(gate.roomFor(10)).toBe(10);
    turn(gate, 50, 1_000);
    expect(gate.roomFor(10)).toBe(1);
  });

  it("takes fewer messages ahead the more jobs a message has", () => {
    const { gate, ahead } = gateOf(1);
    void gate.enter();
    for (let message = 0; message < 100; message++) gate.noteCount(8);
    turn(gate, 50, 0.1);
    expect(ahead.at(-1)).toBeLessThan(4);
  });

  it("takes no more messages ahead than the limit, if messages have no jobs", () => {
    const { gate, ahead } = gateOf(1);
    void gate.enter();
    for (let message = 0; message < 100; message++) gate.noteCount(0);
    turn(gate, 50, 0.1);
    expect(ahead.at(-1)).toBe(16);
  });

  it("tells the jobs that it refused when a place is free", async () => {
    const { gate } = gateOf(1);
    await gate.untilFree();
    void gate.enter();
    const told: number[] = [];
    const telling = [1, 2].map(async (n) => {
      await gate.untilFree();
      told.push(n);
    });
    const next = gate.enter();
    gate.leave(1);
    expect([await next, told]).toEqual([true, []]);
    gate.leave(1);
    await Promise.all(telling);
  });
});
