import { randomUUID } from "node:crypto";
import { z } from "zod";
import { contract } from "../../src/holon/contract/index.ts";
import type { ContextData } from "../../src/holon/data/context-data.ts";
import type { Tables } from "../../src/holon/data/drizzle/database.ts";
import { defineContext } from "../../src/holon/define/define-context.ts";
import { compileContext } from "../../src/holon/pipeline/context-runtime.ts";
import { WorkDatabase } from "../../src/holon/work/engine/work-database.ts";
import { EVENT_LIMITS } from "../../src/holon/work/inbox/event-limits.ts";
import { type JobMap, job } from "../../src/holon/work/jobs/job.ts";
import { toJobMessage } from "../../src/holon/work/jobs/job-queues.ts";
import { createJobDispatcher, JobSender } from "../../src/holon/work/jobs/job-sender.ts";
import { JobTable } from "../../src/holon/work/jobs/job-table.ts";
import { startJobWork } from "../../src/holon/work/jobs/start-job-work.ts";
import { LeftWork } from "../../src/holon/work/left-work.ts";
import { createPublisher } from "../../src/holon/work/outbox/create-publisher.ts";
import type { QueueKind, WaitsContender } from "./contender.ts";
import { benchScope, type HolonPlace, openHolonPlace } from "./holon-place.ts";
import { perSecond, Tally } from "./tally.ts";

/** Jobs in one transaction. */
const ENQUEUE_COUNT = 500;

const CONTEXT = "orders";
const Data = z.object({ id: z.int() });

/** Measures the whole path of a job: its row is claimed, a handler of a compiled context runs and does nothing, and the row is ended. */
export function holonJobs(kind: QueueKind): WaitsContender {
  return {
    async start(places) {
      const place = await openHolonPlace(kind, places);
      const data = await place.openData(CONTEXT);
      let rounds = 0;
      return {
        measure: (concurrency, count) => measure(place, data, `send${rounds++}`, concurrency, count),
        close: () => place.close(),
      };
    },
  };
}

async function measure(place: HolonPlace, store: ContextData<Tables>, name: string, concurrency: number, count: number) {
  // Each round has a queue of its own, as with the raw contender.
  const jobs: JobMap = { [name]: job(Data, { concurrency }) };
  const queuedMs = await queueUp(place, store, jobs, name, count);
  const tally = new Tally(count);
  const cpuBefore = process.cpuUsage();
  const work = await startJobWork({
    module: { name: CONTEXT, jobs, schedules: {} },
    handlers: compileHandlers(place, store, jobs, () => {
      tally.begin();
      tally.note();
    }),
    store,
    backend: place.backend,
    services: { ...place.services, newId: randomUUID },
    runAlone: async () => ({ kind: "unstarted", how: "nothing dies here" }),
  });
  await tally.all();
  // A row is ended shortly after its handler.
  for (let done = 0; done < count; ) done = await doneCount(place);
  const endedMs = performance.now();
  const { user, system } = process.cpuUsage(cpuBefore);
  await work.close();
  await place.sql.unsafe(`truncate ${CONTEXT}.holon_jobs, ${CONTEXT}.holon_outbox cascade`);
  return {
    jobsPerSecond: perSecond(count, endedMs - tally.firstMs),
    queuedPerSecond: perSecond(count, queuedMs),
    cpuUs: (user + system) / count,
  };
}

/** Counts the done jobs exactly; the admin interface counts only up to a limit. */
async function doneCount({ sql }: HolonPlace): Promise<number> {
  const [row] = await sql.unsafe<{ count: number }[]>(`select count(*)::int from ${CONTEXT}.holon_jobs where state = 'done'`);
  return row?.count ?? 0;
}

/** Transactions enqueue the jobs, and then the outbox publisher hands them to their queue. Returns how long the publisher took; milliseconds. */
async function queueUp({ backend, services }: HolonPlace, data: ContextData<Tables>, jobs: JobMap, name: string, count: number): Promise<number> {
  for (let from = 0; from < count; from += ENQUEUE_COUNT) {
    await data.transaction(benchScope(), async (tx) => {
      for (let id = from; id < Math.min(count, from + ENQUEUE_COUNT); id++) await tx.appendJob({ name, data: { id }, options: {} });
    });
  }
  const tally = new Tally(count);
  const counting = {
    reachable: true,
    add: async (queue: string, added: Parameters<typeof backend.add>[1]) => {
      await backend.add(queue, added);
      for (const { data } of added) for (const _ of toJobMessage(data).ids) tally.note();
    },
  };
  const { clock } = services;
  const table = new JobTable({ database: new WorkDatabase(data, clock), names: Object.keys(jobs), clock });
  const left = new LeftWork({ context: CONTEXT, ...services });
  const sender = new JobSender({ context: CONTEXT, jobs, table, backend: counting, log: services.log });
  const publisher = createPublisher({ data, backend, limits: EVENT_LIMITS, ...services, left });
  const fromMs = performance.now();
  publisher.dispatchJobsTo(createJobDispatcher({ table, sender, left, tellOthers() {} }));
  await tally.all();
  await publisher.close();
  return tally.lastMs - fromMs;
}

function compileHandlers(place: HolonPlace, store: ContextData<Tables>, jobs: JobMap, onRun: () => void) {
  const context = defineContext(contract(CONTEXT, { procedures: {} }), { tables: {}, jobs });
  const handlers = Object.fromEntries(Object.keys(jobs).map((name) => [name, async () => onRun()]));
  const module = context.implement({ procedures: context.procedures({}), jobs: context.jobs(handlers as never) } as never);
  const services = { ...place.services, newId: randomUUID, series: () => ({ record() {} }), transportOf: () => "local" as const };
  return compileContext({ module, store, limits: place.limits, pipeline: services }).jobs;
}
