import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createContextData } from "../../data/context-data.ts";
import { testLimits } from "../../data/database.testing.ts";
import { sql } from "../../data/drizzle/sql.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { job } from "./job.ts";
import type { JobCall, JobHandler } from "./job-call.ts";
import { effects, tables } from "./jobs.fixture.testing.ts";
import { MemoryQueues } from "./memory-queues.testing.ts";
import { createRunAlone, serveAlone } from "./run-alone.ts";
import { runJobAlone, startJobWork } from "./start-job-work.ts";

/**
 * A process that runs jobs, for tests that kill it. Its queues are in its memory, so what an earlier process had on its queues is lost.
 *
 * Until `effects` has a row `fixed`, `crash` kills its process, and `hang` keeps its process busy for ever. `innocent` ends only in a child, which runs it
 * alone.
 */
const [, program = "", url = "", role = ""] = process.argv;
const isChild = process.env["HOLON_TEST_ALONE"] === "1";
const timers = new Timers(() => systemClock.monotonicMs());
const store = createContextData({
  context: "orders",
  url,
  role: role === "" ? undefined : role,
  tables,
  limits: testLimits(),
  clock: systemClock,
  log: silentLogger,
});

const isTrue = (call: JobCall, question: ReturnType<typeof sql>): Promise<boolean> =>
  store.transaction(call.scope, async (tx) => [...(await tx.db.execute(question))].length > 0);
const complete = (call: JobCall, name: string): Promise<unknown> =>
  store.transaction(call.scope, async (tx) => {
    await tx.db.insert(effects).values({ job: name, attempt: call.attempt });
    await call.complete(tx, undefined);
  });
const isFixed = sql`select 1 from orders.effects where job = 'fixed'`;
const others = sql`select 1 from orders.holon_jobs where name = 'innocent' and state not in ('running', 'done')`;

const handlers: Record<string, JobHandler> = {
  async crash(call) {
    if (!(await isTrue(call, isFixed))) {
      // The process is killed only after the innocent job has begun, so that the death counts for that job too.
      while (!isChild && (await isTrue(call, others))) await sleep(10);
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => {});
    }
    await complete(call, "crash");
  },
  async hang(call) {
    if (!(await isTrue(call, isFixed))) for (;;);
    await complete(call, "hang");
  },
  async innocent(call) {
    if (!isChild) await new Promise(() => {});
    await complete(call, "innocent");
  },
  neighbour: (call) => complete(call, "neighbour"),
};
const module = {
  name: "orders",
  jobs: {
    crash: job(z.object({})),
    hang: job(z.object({}), { timeoutMs: 100 }),
    innocent: job(z.object({}), { attempts: 1 }),
    neighbour: job(z.object({})),
  },
  schedules: {},
};
const parts = {
  module,
  handlers: new Map(Object.entries(handlers)),
  store,
  services: { clock: systemClock, timers, log: silentLogger, random: () => 0, newId: randomUUID },
};

if (isChild) {
  serveAlone(process, (request) => runJobAlone(parts, request));
} else {
  const env = { ...process.env, HOLON_TEST_ALONE: "1" };
  const runAlone = createRunAlone({ program, args: [url, role], execArgv: process.execArgv, env });
  await startJobWork({ ...parts, backend: new MemoryQueues(), runAlone, timing: { leaseMs: 900, sweepMs: 100, resendAfterMs: 500 } });
  process.stdout.write('{"started":true}\n');
  setInterval(() => {}, 1_000);
}
