import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { z } from "zod";
import { createContextData } from "../../data/context-data.ts";
import { testLimits } from "../../data/database.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { Timers } from "../../kernel/timers.ts";
import { createLogger } from "../../observe/logger.ts";
import { LeaseThread } from "../../work/engine/lease-thread.ts";
import { job } from "../../work/jobs/job.ts";
import type { JobHandler } from "../../work/jobs/job-call.ts";
import { effects, tables } from "../../work/jobs/jobs.fixture.testing.ts";
import { MemoryQueues } from "../../work/jobs/memory-queues.testing.ts";
import { startJobWork } from "../../work/jobs/start-job-work.ts";
import { startWorkflowWork } from "../../work/workflows/start-workflow-work.ts";
import { startLeaseWorker } from "./start-lease-worker.ts";

/**
 * A process for tests. It runs jobs and steps that block its event loop. `compute` blocks for as long as its data says; its time limit is 10 s. `loop` never
 * ends; its time limit is 1.5 s. Three `crowd` jobs run at once, with a time limit of 3 s each; the step of the workflow `crowd` has the same time limit.
 * `wait` waits for ever; its time limit is 60 s.
 */
const [, , url = "", role = "", lease = ""] = process.argv;
const leaseMs = Number(lease);
const Data = z.object({ ms: z.int() });
const clock = systemClock;
const log = createLogger({ name: "child", level: "info" });
const store = createContextData({ context: "orders", url, role: role === "" ? undefined : role, tables, limits: testLimits(), clock, log });

const worker = startLeaseWorker("child", "info");
const thread = new LeaseThread({ start: () => worker, clock, log });
// The message says that the thread has loaded its program. From now on this process may block.
await once(worker, "message");

function compute(ms: number): void {
  const untilMs = clock.monotonicMs() + ms;
  while (clock.monotonicMs() < untilMs);
}

const handlers: Record<string, JobHandler> = {
  async compute(call) {
    compute((call.data as z.output<typeof Data>).ms);
    await store.transaction(call.scope, async (tx) => {
      await tx.db.insert(effects).values({ job: "child", attempt: call.attempt });
      await call.complete(tx, undefined);
    });
  },
  async crowd(call) {
    log.info({}, "one of a crowd begins");
    compute((call.data as z.output<typeof Data>).ms);
  },
  async loop() {
    for (;;);
  },
  wait: () => new Promise(() => {}),
};
await startJobWork({
  module: {
    name: "orders",
    jobs: {
      compute: job(Data, { timeoutMs: 10_000, concurrency: 1 }),
      crowd: job(Data, { timeoutMs: 3_000, concurrency: 3 }),
      loop: job(Data, { timeoutMs: 1_500 }),
      wait: job(Data, { timeoutMs: 60_000 }),
    },
    schedules: {},
  },
  handlers: new Map(Object.entries(handlers)),
  store,
  backend: new MemoryQueues(),
  services: {
    ...{ clock, log, random: Math.random, newId: randomUUID, timers: new Timers(() => clock.monotonicMs()) },
    thread,
  },
  runAlone: async () => ({ kind: "unstarted", how: "this test has no children" }),
  timing: { leaseMs, sweepMs: 100, resendAfterMs: 300, resendLostMs: 100 },
});
const untouched = (): never => {
  throw new TypeError("no step of this test uses this function");
};
startWorkflowWork({
  workflows: {
    bodies: new Map([
      [
        "order@1",
        {
          parseOutput: (output) => output,
          body: ({ step }) => step.run("compute", () => compute(6_000)),
        },
      ],
      [
        "crowd@1",
        {
          parseOutput: (output) => output,
          body: ({ step }) =>
            step.run(
              "compute",
              () => {
                log.info({}, "one of a crowd begins");
                compute(2_500);
              },
              { timeoutMs: 3_000 },
            ),
        },
      ],
    ]),
    host: { calls: () => ({ args: {}, mayHaveActed: () => false }), reads: () => ({}), transaction: untouched, eventName: untouched },
  },
  store,
  services: { clock, log, random: Math.random, newId: randomUUID, timers: new Timers(() => clock.monotonicMs()), thread },
  timing: { pollMs: 50, leaseMs },
});
process.stdout.write('{"started":true}\n');
setInterval(() => {}, 1_000);
