import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { type ContextData, createContextData } from "../../data/context-data.ts";
import { testLimits } from "../../data/database.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { job } from "./job.ts";
import type { JobCall } from "./job-call.ts";
import { effects, tables } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";

const IDLE_MS = 1_000;
const place = useJobs();
let store: ContextData<typeof tables>;
beforeAll(() => {
  const limits = testLimits({ idleInTransactionMs: IDLE_MS });
  store = createContextData({ context: "orders", url: place.url, role: place.role, tables, limits, clock: systemClock, log: silentLogger });
});
afterAll(() => store?.close());

const specs = { send: job(z.object({}), { attempts: 2, backoff: { firstMs: 1, greatestMs: 1 } }) };

/** Blocks the only thread, as SIGSTOP does. */
function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Runs a job whose first runs block the only thread, as SIGSTOP does, for longer than the server keeps their transaction open. */
async function runFrozen(count: number) {
  let runs = 0;
  const send = (call: JobCall) =>
    store.transaction(call.scope, async (tx) => {
      await tx.db.insert(effects).values({ job: "send", attempt: call.attempt });
      if (++runs <= count) freeze(2 * IDLE_MS);
      await call.complete(tx, undefined);
    });
  // The lease is so long that it is not lost. Otherwise the job would be given back for that reason.
  const work = await place.start(specs, { send: (call) => send(call).then(() => {}) }, { store, timing: { leaseMs: 60_000, sweepMs: 100 } });
  const id = await place.enqueue(work);
  await until(async () => ["done", "failed"].includes((await place.row(id))["state"] as string));
  return { row: await place.row(id), runs };
}

describe("a job whose transaction the server has ended, because the process was frozen in its handler", () => {
  it("is not counted as failed", async () => {
    const { row, runs } = await runFrozen(1);
    expect([row, runs]).toMatchObject([{ state: "done", failures: 0 }, 2]);
    expect(await place.effectCount()).toBe(1);
  });

  it("is set aside in the end, if its handler causes that each time", async () => {
    const { row, runs } = await runFrozen(Number.POSITIVE_INFINITY);
    expect([row, runs]).toMatchObject([{ state: "failed", failures: 2, reason: expect.stringContaining("UNAVAILABLE") }, 3]);
    expect(await place.effectCount()).toBe(0);
  });
});

describe("a job whose process was frozen until its time was over", () => {
  const late = { send: job(z.object({}), { attempts: 1, timeoutMs: 500, backoff: { firstMs: 1, greatestMs: 1 } }) };

  /** Runs a job whose first runs never return. The first `frozenCount` runs freeze the process as well. */
  async function runLate(frozenCount: number, lateCount: number) {
    let runs = 0;
    const send = async (): Promise<void> => {
      if (++runs > lateCount) return;
      if (runs <= frozenCount) freeze(2_000);
      await new Promise(() => {});
    };
    const work = await place.start(late, { send }, { timing: { leaseMs: 60_000, sweepMs: 100 } });
    const id = await place.enqueue(work);
    await until(async () => ["done", "failed"].includes((await place.row(id))["state"] as string));
    return { row: await place.row(id), runs };
  }

  it("is not counted as failed", async () => {
    expect(await runLate(1, 1)).toMatchObject({ row: { state: "done", failures: 0 }, runs: 2 });
  });

  it("is set aside in the end, if its handler causes that each time", async () => {
    expect(await runLate(2, 2)).toMatchObject({ row: { state: "failed", reason: expect.stringContaining("DEADLINE_EXCEEDED") }, runs: 2 });
  });

  it("is set aside if its process was not frozen", async () => {
    expect(await runLate(0, 1)).toMatchObject({ row: { state: "failed", reason: expect.stringContaining("DEADLINE_EXCEEDED") }, runs: 1 });
  });
});
