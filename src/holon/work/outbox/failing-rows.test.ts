import { describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { FailingRows } from "./failing-rows.ts";
import type { LeasedRow } from "./outbox-lease.ts";

function rowAt(position: number, kind: LeasedRow["kind"]): LeasedRow {
  return {
    ...{ id: `row ${position}`, position, kind, name: "send", key: null, keyNumber: null, payload: {}, bytes: 2, options: null },
    ...{ traceparent: null, initiator: { kind: "anonymous" }, previousPosition: null, isPreviousTaken: false, subscribers: [] },
  };
}

/** A memory with waits of 10 to 300 s, and its clock. */
function openMemory() {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const rows = new FailingRows({ clock, log: silentLogger, leastMs: 10_000, greatestMs: 300_000 });
  const note = (kind: LeasedRow["kind"], failed: readonly number[], sent: readonly number[], untried: readonly number[] = []): void =>
    rows.note({
      kind,
      sent: sent.map((position) => rowAt(position, kind)),
      failed: failed.map((at) => ({ row: rowAt(at, kind), error: `fault of ${at}` })),
      untried: untried.map((position) => rowAt(position, kind)),
    });
  return {
    jobs: (failed: readonly number[], sent: readonly number[] = []) => note("job", failed, sent),
    events: (failed: readonly number[], sent: readonly number[] = []) => note("event", failed, sent),
    /** A server was away before these jobs were tried. */
    untried: (positions: readonly number[]) => note("job", [], [], positions),
    leftOut: () => rows.leftOut().positions,
    upTo: () => rows.leftOut().upTo,
    doubt: () => rows.doubt?.error,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe("a publisher tries a row that failed", () => {
  it("after the least wait, then after the time for which it has failed so far, up to the greatest wait", () => {
    const { jobs, leftOut, pass } = openMemory();
    const waits = [10_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000];
    for (const waitMs of waits) {
      jobs([1]);
      pass(waitMs - 1);
      expect(leftOut()).toEqual([1]);
      pass(1);
      expect(leftOut()).toEqual([]);
    }
  });

  it("at once if a row of its kind is sent after a doubt in which it failed: the publisher may have been the cause", () => {
    const { jobs, events, leftOut, pass } = openMemory();
    jobs([1], [2]);
    pass(1);
    events([3]);
    jobs([4, 5]);
    jobs([6], [7]);
    expect(leftOut()).toEqual([1, 3, 6]);
  });

  it("later each time also if it was tried at once after a doubt", () => {
    const { jobs, leftOut, pass } = openMemory();
    jobs([1, 2]);
    pass(60_000);
    jobs([1, 2]);
    jobs([], [3]);
    jobs([1, 2]);
    pass(59_999);
    jobs([], [4]);
    expect(leftOut()).toEqual([1, 2]);
  });

  it("as if for the first time if it was sent, or was not seen for the greatest wait after it was due", () => {
    const { jobs, leftOut, doubt, pass } = openMemory();
    jobs([1, 2], [3]);
    jobs([], [1]);
    pass(310_000);
    expect(leftOut()).toEqual([]);
    jobs([1, 2]);
    expect(doubt()).toBe("fault of 2");
    pass(10_000);
    expect(leftOut()).toEqual([]);
  });

  describe("of which more have failed than it remembers, and skips all up to the last of those that it does not remember,", () => {
    const REMEMBERED = 5_000;
    const open = () => {
      const memory = openMemory();
      memory.jobs(Array.from({ length: REMEMBERED }, (_, n) => n + 1));
      expect(memory.upTo()).toBe(0);
      memory.jobs([5_001, 5_002, 5_003]);
      return memory;
    };

    it("after a minute, even if others fail meanwhile", () => {
      const { jobs, leftOut, upTo, pass } = open();
      pass(9_999);
      expect([leftOut().length, upTo()]).toEqual([REMEMBERED, 5_003]);
      pass(50_000);
      jobs([5_004]);
      expect(upTo()).toBe(5_004);
      pass(1);
      expect(upTo()).toBe(0);
    });

    it("some at a time, with a wait between, so that others are sent meanwhile; then a minute after the first ones", () => {
      const { jobs, upTo, pass } = open();
      pass(60_000);
      const looks: number[] = [];
      // The rows that are remembered are due as well.
      for (const failed of [[1, 2], [3, 5_001], [5_002], [5_003, 5_004]]) {
        looks.push(upTo());
        jobs(failed);
        expect([upTo(), pass(9_999), upTo()]).toEqual([Math.max(5_003, ...failed), undefined, Math.max(5_003, ...failed)]);
        pass(1);
      }
      expect(looks).toEqual([0, 2, 5_001, 5_002]);
      expect(upTo()).toBe(5_004);
      pass(49_999);
      expect(upTo()).toBe(5_004);
      pass(1);
      expect(upTo()).toBe(0);
    });

    it("again if a query for them failed, and all of them once a query finds none that it cannot remember", () => {
      const { jobs, upTo, pass } = open();
      pass(60_000);
      expect(upTo()).toBe(0);
      pass(10_000);
      expect(upTo()).toBe(0);
      jobs([], [5_001, 5_002, 5_003]);
      expect([upTo(), pass(10_000), upTo()]).toEqual([0, undefined, 0]);
      jobs([5_004]);
      expect(upTo()).toBe(5_004);
    });

    it("again from where a look began that a server ended which went away, and not at once", () => {
      const { jobs, untried, doubt, upTo, pass } = open();
      pass(60_000);
      expect(upTo()).toBe(0);
      untried([5_001, 5_002, 5_003]);
      expect([upTo(), pass(9_999), upTo()]).toEqual([5_003, undefined, 5_003]);
      pass(1);
      expect(upTo()).toBe(0);
      jobs([5_001, 5_002]);
      expect([upTo(), doubt()]).toEqual([5_003, undefined]);
    });

    it("at once behind the rows of a look that were all good, up to the last one", () => {
      const { jobs, doubt, upTo, pass } = open();
      pass(60_000);
      expect(upTo()).toBe(0);
      jobs([], [3_000, 3_001]);
      expect(upTo()).toBe(3_001);
      jobs([5_001, 5_002]);
      expect([upTo(), doubt()]).toEqual([5_003, undefined]);
    });

    it("without any doubt also after a look found none, because another publisher held them", () => {
      const { jobs, doubt, upTo, pass } = open();
      pass(60_000);
      expect(upTo()).toBe(0);
      jobs([]);
      expect(upTo()).toBe(0);
      jobs([5_001, 5_002]);
      expect(doubt()).toBeUndefined();
    });

    it("without a doubt about itself, since they have failed here before", () => {
      const { jobs, upTo, doubt, pass } = open();
      pass(60_000);
      expect(upTo()).toBe(0);
      jobs([5_001, 5_002]);
      expect(doubt()).toBeUndefined();
    });

    it("at once if a row of their kind is sent after a doubt: the publisher may have been the cause", () => {
      const { jobs, upTo, pass } = open();
      pass(1_000);
      expect(upTo()).toBe(5_003);
      jobs([], [6_000]);
      expect(upTo()).toBe(0);
    });
  });
});

describe("a publisher is in doubt about itself", () => {
  it("if two rows of a kind fail for the first time, and none of it is sent between them", () => {
    const { jobs, events, doubt } = openMemory();
    jobs([1]);
    events([2]);
    jobs([]);
    expect(doubt()).toBeUndefined();
    jobs([3]);
    expect(doubt()).toBe("fault of 3");
  });

  it("but not if a row of that kind is sent with them or between them", () => {
    const { jobs, doubt } = openMemory();
    jobs([1, 2], [3]);
    jobs([4]);
    jobs([], [5]);
    jobs([6]);
    expect(doubt()).toBeUndefined();
  });

  it("until a row of that kind is sent, and not one of another kind", () => {
    const { jobs, events, doubt } = openMemory();
    jobs([1, 2]);
    events([], [3]);
    expect(doubt()).toBe("fault of 2");
    jobs([], [4]);
    expect(doubt()).toBeUndefined();
  });

  it("for a minute, also if it takes no more, or only rows that have failed here before", () => {
    const { jobs, doubt, pass } = openMemory();
    jobs([1, 2]);
    pass(59_999);
    jobs([1, 2]);
    expect(doubt()).toBe("fault of 2");
    pass(1);
    expect(doubt()).toBeUndefined();
  });

  it("but not for rows that have failed here before, however many they are", () => {
    const { jobs, doubt } = openMemory();
    jobs([1, 2, 3], [4]);
    jobs([1, 2, 3]);
    expect(doubt()).toBeUndefined();
  });
});
