import { describe, expect, it } from "vitest";
import { HandedOut } from "./handed-out.ts";

const NONE = { waitedMs: 0, priority: Number.POSITIVE_INFINITY };

describe("what a queue handed out", () => {
  it("is not known before a look is old enough", () => {
    const queue = new HandedOut(100);
    expect(queue.lostAt(0)).toBeUndefined();
    queue.note(NONE, 0);
    queue.note(NONE, 99);
    expect(queue.lostAt(99)).toBeUndefined();
    queue.note(NONE, 100);
    expect(queue.lostAt(100)).toEqual({ forMs: 200, priority: Number.POSITIVE_INFINITY });
  });

  it("is what was sent before the next message, by a look of a while ago", () => {
    const queue = new HandedOut(100);
    queue.note({ waitedMs: 500, priority: 0 }, 1_000);
    queue.note({ waitedMs: 10, priority: 0 }, 1_050);
    queue.note({ waitedMs: 10, priority: 0 }, 1_100);
    // The queue handed out what was sent before 500. Lost is what was sent 100 before that.
    expect(queue.lostAt(1_110)).toEqual({ forMs: 710, priority: 0 });
    queue.note({ waitedMs: 10, priority: 0 }, 1_150);
    expect(queue.lostAt(1_150)).toEqual({ forMs: 210, priority: 0 });
  });

  it("is known sooner with less grace", () => {
    const queue = new HandedOut(100);
    queue.note({ waitedMs: 500, priority: 0 }, 1_000);
    queue.note(NONE, 1_040);
    expect(queue.lostAt(1_040, 40)?.forMs).toBe(580);
    queue.note(NONE, 1_080);
    expect(queue.lostAt(1_080, 40)?.forMs).toBe(80);
    expect(queue.lostAt(1_080)).toBeUndefined();
  });

  it("is less when a queue gets an old message back", () => {
    const queue = new HandedOut(100);
    queue.note({ waitedMs: 10, priority: 0 }, 1_000);
    queue.note({ waitedMs: 900, priority: 0 }, 1_100);
    expect(queue.lostAt(1_100)).toEqual({ forMs: 1_000, priority: 0 });
  });

  it("does not include messages that are less urgent than the next one, now or a while ago", () => {
    const queue = new HandedOut(100);
    queue.note({ waitedMs: 0, priority: 5 }, 1_000);
    queue.note({ waitedMs: 0, priority: 3 }, 1_100);
    expect(queue.lostAt(1_100)?.priority).toBe(3);
    queue.note(NONE, 1_200);
    expect(queue.lostAt(1_200)?.priority).toBe(3);
    queue.note(NONE, 1_300);
    expect(queue.lostAt(1_300)?.priority).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("what a queue handed out, if another queue notes what was done", () => {
  it("is what it had handed out before the oldest message there", () => {
    const queue = new HandedOut(1_000);
    queue.note({ waitedMs: 900, priority: 0 }, 1_000);
    queue.note({ waitedMs: 5, priority: 0 }, 1_200);
    queue.note(NONE, 1_400);
    expect(queue.lostAt(1_400, 100)?.forMs).toBe(305);
    expect(queue.lostAt(1_400, 100, 150)?.forMs).toBe(1_400);
    expect(queue.lostAt(1_400, 100, 350)).toBeUndefined();
  });

  it("is remembered in few looks, of which the last is exact", () => {
    const queue = new HandedOut(1_000);
    for (let atMs = 0; atMs <= 10_000; atMs += 0.5) queue.note({ waitedMs: 0.125, priority: 0 }, atMs);
    expect(queue.lostAt(10_000, 0)?.forMs).toBe(0.125);
    const { forMs } = queue.lostAt(10_000, 100) ?? {};
    expect(forMs).toBeGreaterThanOrEqual(200);
    expect(forMs).toBeLessThan(205);
  });
});
