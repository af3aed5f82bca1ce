import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { RecordReader } from "./record-reader.ts";
import type { RunClaim, StepRecord } from "./run-claim.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const claimOf = (id: string): RunClaim => ({
  id,
  workflow: "place",
  version: 1,
  key: id,
  input: {},
  isUndoing: false,
  fence: "2",
  deaths: 0,
  traceparent: undefined,
  initiator: { kind: "anonymous" },
  error: undefined,
});

const recordOf = (runId: string): StepRecord => ({
  runId,
  name: "a",
  ordinal: 0,
  kind: "run",
  concurrent: false,
  state: "done",
  attempts: 1,
  result: {},
  error: undefined,
  inDoubt: false,
  undoAttempts: 0,
  undoFailures: 0,
  failures: 0,
  wasCutOff: false,
  leftMs: 0,
  answerNumber: 1,
  settledAtMs: 0,
});

describe("the records of runs that were claimed together", () => {
  it("are kept only by their own run: the record of a run that is over leaves memory while others of its look are at work", async () => {
    const made: WeakRef<StepRecord>[] = [];
    const load = async (ids: readonly string[]) => {
      const records = ids.map(recordOf);
      made.push(...records.map((record) => new WeakRef(record)));
      return records;
    };
    const reader = new RecordReader({
      runs: { now: async () => 0 },
      steps: { load },
      leaseMs: 15_000,
      clock: systemClock,
      random: () => 0,
      isClosing: () => false,
    });
    const read = reader.begin([claimOf("over"), claimOf("at work")]);
    const readAll = async () => {
      const [, own] = await Promise.all([read(claimOf("over")), read(claimOf("at work"))]);
      return own;
    };
    const own = await readAll();
    await nextTurn();
    collectGarbage();
    expect(made.map((record) => record.deref()?.runId)).toEqual([undefined, "at work"]);
    // The function that read them is still held here, as a run at work holds it.
    expect([own, typeof read]).toMatchObject([{ records: [{ runId: "at work" }] }, "function"]);
  });
});
