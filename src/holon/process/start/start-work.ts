import type { ContextData } from "../../data/context-data.ts";
import type { ContextModule } from "../../define/define-context.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { CountLeft, CountWork } from "../../observe/work-metrics.ts";
import type { CompiledContext } from "../../pipeline/context-runtime.ts";
import type { LeaseThread } from "../../work/engine/lease-thread.ts";
import type { TaskDeps } from "../../work/engine/task.ts";
import type { TaskBoard } from "../../work/engine/task-board.ts";
import { type EventWork, startEventWork } from "../../work/inbox/start-event-work.ts";
import type { RunAlone } from "../../work/jobs/run-alone.ts";
import { type JobWork, startJobWork } from "../../work/jobs/start-job-work.ts";
import { createQueueBackend, type QueuePlace } from "../../work/queue/bull-backend.ts";
import type { QueueBackend } from "../../work/queue/queue-backend.ts";
import { type ContextRetention, startRetention } from "../../work/retention/start-retention.ts";
import { startWorkflowWork, type WorkflowWork } from "../../work/workflows/start-workflow-work.ts";
import type { Plan } from "../plan/plan.ts";
import { hasWork, hasWorkflows, queuesOf } from "./context-work.ts";
import type { DatabaseWait } from "./database-wait.ts";
import type { Core } from "./open-core.ts";

interface StartWorkDeps {
  readonly plan: Plan;
  /** All contexts of the app: they declare which of them subscribe to the hosted contexts. */
  readonly app: readonly ContextModule[];
  readonly hosted: readonly CompiledContext[];
  readonly stores: ReadonlyMap<string, ContextData>;
  /** Address of the shared database, which contains the queues unless the plan says otherwise. */
  readonly databaseUrl: string | undefined;
  /** Waits for databases that do not answer or are slow. */
  readonly databaseWait: DatabaseWait;
  /** Runs a job in a process of its own, after the job has killed its process twice. */
  readonly runAlone: RunAlone;
  readonly services: WorkDeps;
}

/** The parts of the process that background work uses. */
interface WorkDeps extends Required<Omit<TaskDeps, "board">> {
  readonly newId: () => string;
  readonly count: CountWork;
  readonly left: CountLeft;
  /** The tasks of each hosted context's background work that fail now, by context. */
  readonly boards: ReadonlyMap<string, TaskBoard>;
  /** Renews the leases of this process while it is blocked. */
  readonly thread?: LeaseThread | undefined;
}

/** The background work of one context in this process. */
interface ContextWork {
  readonly name: string;
  readonly events: EventWork | undefined;
  readonly jobs: JobWork | undefined;
  readonly workflows: WorkflowWork | undefined;
}

/** The background work of all contexts of this process. */
export interface Work extends Closable {
  /** Undefined if this process needs no queue. */
  readonly backend: QueueBackend | undefined;
  readonly contexts: readonly ContextWork[];
  /** Takes no new work, lets running work finish within the grace period, and releases the rest. */
  close(): Promise<void>;
}

/** Starts the background work of the role `jobs`, if a context hosted here has any. */
export async function startWork(deps: StartWorkDeps): Promise<Work | undefined> {
  const { plan, hosted, stores } = deps;
  const working = hosted.flatMap((context) => {
    const store = stores.get(context.name);
    return store !== undefined && hasWork(context.module) ? [{ context, store }] : [];
  });
  if (!plan.roles.includes("jobs") || working.length === 0) return undefined;
  const backend = await openQueues(deps);
  const contexts: ContextWork[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(contexts.map(closeContext));
    await backend?.close();
  };
  try {
    for (const { context, store } of working) {
      const start = () => startContext(deps, backend, context, store);
      contexts.push(await deps.databaseWait.run(deps.databaseWait.databaseOf(context.name), start));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { backend, contexts, close };
}

/**
 * Starts to remove old rows from the tables of all contexts hosted here. Without the role `jobs`, only the rows that this process itself writes are removed:
 * idempotency keys.
 */
export function startRetentions(
  { plan, database, clock, timers, log, random, workMetrics }: Core,
  boards: ReadonlyMap<string, TaskBoard>,
): readonly ContextRetention[] {
  return [...database.stores].map(([context, data]) =>
    startRetention({
      ...{ data, times: plan.limits, works: plan.roles.includes("jobs"), removed: workMetrics.removed },
      ...{ clock, timers, random, log: log.child({ context }), board: boards.get(context) },
    }),
  );
}

/** The place of the queues of a process: Redis or a database. Undefined if the process has neither. */
export function queuePlaceOf(plan: Plan, databaseUrl: string | undefined): QueuePlace | undefined {
  if (plan.redisUrl !== undefined) return { kind: "redis", url: plan.redisUrl };
  const url = plan.queueDatabase ?? databaseUrl;
  return url === undefined ? undefined : { kind: "postgres", url, schema: `${plan.queuePrefix}_queue`, max: plan.limits.poolCount };
}

async function openQueues({ plan, databaseUrl, databaseWait, services: { log, clock } }: StartWorkDeps): Promise<QueueBackend | undefined> {
  const place = plan.workersCount === 0 ? undefined : queuePlaceOf(plan, databaseUrl);
  if (place === undefined) return undefined;
  const open = () => createQueueBackend(place, { log, clock, prefix: plan.queuePrefix });
  // A Redis that does not answer does not delay the start.
  return place.kind === "redis" ? open() : databaseWait.run(databaseWait.databaseOfQueues(), open);
}

async function startContext(
  { plan, app, runAlone, services: processServices }: StartWorkDeps,
  backend: QueueBackend | undefined,
  context: CompiledContext,
  store: ContextData,
): Promise<ContextWork> {
  const { module } = context;
  const services = { ...processServices, board: processServices.boards.get(context.name) };
  const workflows = hasWorkflows(module)
    ? startWorkflowWork({ workflows: context.workflows, store, services, timing: { graceMs: plan.limits.graceMs } })
    : undefined;
  if (backend === undefined || queuesOf(module).length === 0) return { name: context.name, events: undefined, jobs: undefined, workflows };
  const { openTransaction } = context;
  const emits = Object.keys(module.contract.events).length > 0;
  let events: EventWork | undefined;
  try {
    events = await startEventWork({ context: module, app, emits, data: store, backend, openTransaction, services });
    const jobs =
      Object.keys(module.jobs).length === 0
        ? undefined
        : await startJobWork({
            ...{ module, store, backend, services, runAlone },
            handlers: context.jobs,
            timing: { graceMs: plan.limits.graceMs },
          });
    if (jobs !== undefined) events.publisher.dispatchJobsTo(jobs.dispatch);
    return { name: context.name, events, jobs, workflows };
  } catch (error) {
    await Promise.all([events?.close(), workflows?.close()]);
    throw error;
  }
}

/** Jobs and workflows close first, so that the publisher still publishes the events that they append. */
async function closeContext({ events, jobs, workflows }: ContextWork): Promise<void> {
  await Promise.all([jobs?.close(), workflows?.close()]);
  await events?.close();
}
