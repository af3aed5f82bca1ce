import { describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../kernel/index.ts";
import { type FailedRow, FailingRows } from "./failing-rows.ts";
import type { LeasedRow } from "./outbox-lease.ts";

/** A row that failed; `wasLeased` if it is known as bad. */
function failing(position: number, { wasLeased = false } = {}): FailedRow {
  const row: LeasedRow = {
    ...{ id: `row ${position}`, position, kind: "job", name: "send", key: null, keyNumber: null, payload: {}, bytes: 2, options: null },
    ...{ traceparent: null, initiator: { kind: "anonymous" }, previousPosition: null, isPreviousTaken: false, subscribers: [], wasLeased },
  };
  return { row, error: `fault of ${position}` };
}

/** What judges, and its clock. */
function openJudge() {
  let nowMs = 0;
  const rows = new FailingRows({ ...systemClock, monotonicMs: () => nowMs }, silentLogger);
  return {
    judge: (takenCount: number, ...failed: readonly FailedRow[]) => rows.judge(takenCount, failed),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

const PUBLISHER = { fault: "publisher", error: "fault of 2" };

describe("rows that cannot be sent", () => {
  it("are at fault if others of their take are sent", () => {
    const { judge } = openJudge();
    expect(judge(3, failing(1), failing(2))).toEqual({ fault: "rows", positions: [1, 2] });
  });

  it("are not at fault, but their publisher is, if nothing is sent between two of them", () => {
    const { judge } = openJudge();
    expect(judge(1, failing(1))).toEqual({ fault: "rows", positions: [1] });
    expect(judge(0)).toEqual({ fault: "rows", positions: [] });
    expect(judge(1, failing(2))).toEqual(PUBLISHER);
  });

  it("were at fault after all if a row is sent: they are known then", () => {
    const { judge } = openJudge();
    expect(judge(2, failing(1), failing(2))).toEqual(PUBLISHER);
    expect(judge(2, failing(3))).toEqual({ fault: "rows", positions: [1, 2, 3] });
    expect(judge(1, failing(4))).toEqual({ fault: "rows", positions: [4] });
  });

  it("tell nothing of their publisher if they are known as bad, however many they are", () => {
    const { judge } = openJudge();
    const known = [1, 2, 3].map((position) => failing(position, { wasLeased: true }));
    expect(judge(3, ...known)).toEqual({ fault: "rows", positions: [1, 2, 3] });
    expect(judge(4, ...known, failing(4))).toEqual({ fault: "rows", positions: [1, 2, 3, 4] });
  });

  it("leave their publisher in doubt for a minute, also if it takes no more, or only such as are known as bad", () => {
    const { judge, pass } = openJudge();
    judge(2, failing(1), failing(2));
    pass(59_999);
    expect(judge(0)).toEqual(PUBLISHER);
    expect(judge(1, failing(9, { wasLeased: true }))).toEqual(PUBLISHER);
    pass(1);
    expect(judge(0)).toEqual({ fault: "rows", positions: [] });
  });
});
