import { setTimeout as delay } from "node:timers/promises";
import type { AnyTRPCRouter } from "@trpc/server";
import type { Edge, Readiness } from "../../edge/edge.ts";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { OpenThings } from "../../kernel/lifecycle.ts";
import type { Timers } from "../../kernel/timers.ts";
import type { MeshServer } from "../../mesh/callee/mesh-server.ts";
import { createMetrics } from "../../observe/metrics.ts";
import { createOpsServer, type OpsServer } from "../../ops/ops-server.ts";
import type { CompiledContext, ResolveTarget } from "../../pipeline/context-runtime.ts";
import { createContextRouter } from "../../pipeline/trpc-router.ts";
import { LeaseThread, type LeaseWorker } from "../../work/engine/lease-thread.ts";
import { TaskBoard } from "../../work/engine/task-board.ts";
import type { RunAlone } from "../../work/jobs/run-alone.ts";
import { type AloneChannel, serveAlone } from "../../work/jobs/run-alone.ts";
import { runJobAlone } from "../../work/jobs/start-job-work.ts";
import { assertApp } from "../app/app-faults.ts";
import { ClockWatch } from "../health/clock-watch.ts";
import { DatabaseWatch } from "../health/database-watch.ts";
import { processGauges, type WorkGaugeSources, workGauges } from "../health/gauges.ts";
import { type HealthPart, healthParts, readinessOf } from "../health/process-health.ts";
import type { Plan } from "../plan/plan.ts";
import { queuesOf } from "./context-work.ts";
import { createAdmins, createDashboard } from "./create-dashboard.ts";
import { assertListenersFree } from "./free-listeners.ts";
import { type Core, type CoreOptions, openCore } from "./open-core.ts";
import type { OpenDatabase } from "./open-database.ts";
import { openEdge, openRateStore } from "./open-edge.ts";
import { startRetentions, startWork, type Work } from "./start-work.ts";

/** Options of {@link startProcess}. */
export interface ProcessOptions extends CoreOptions {
  /**
   * Makes the function that runs a job in a process of its own, after the job has killed its process twice. Without this function, such jobs wait for a
   * process that has it.
   */
  readonly runAlone?: MakeRunAlone;
  /** Starts the thread that renews leases while this process is blocked. Without it, a process that is blocked for longer than a lease counts as dead. */
  readonly startLeaseWorker?: (plan: Plan) => LeaseWorker;
}

/** Makes {@link RunAlone}. The child process needs the secret and the database of the app, so this function is called when both are known. */
export type MakeRunAlone = (parent: { readonly secret: string; readonly databaseUrl: string | undefined }) => RunAlone;

/** A started process of an app. */
export interface RunningProcess {
  readonly plan: Plan;
  readonly edge: Edge | undefined;
  readonly mesh: MeshServer | undefined;
  readonly ops: OpsServer | undefined;
  readonly database: OpenDatabase;
  readonly contexts: readonly CompiledContext[];
  /** The background work of the role `jobs`; undefined without that role, and if no context hosted here has background work. */
  readonly work: Work | undefined;
  /** The target by which this process calls any procedure of the app. */
  readonly resolve: ResolveTarget;
  readonly timers: Timers;
  readonly clock: Clock;
  readiness(): Readiness;
  /** A real tRPC router of a context hosted here, for `createCaller` and for tRPC's own adapters. Errors: NOT_FOUND. */
  router(context: string): AnyTRPCRouter;
  /** Resolves when this process is connected to every process that it calls. */
  connected(): Promise<void>;
  /** Reports not ready, takes no new work, finishes work in flight, and closes all parts in reverse order. A second call waits for the same close. */
  close(): Promise<void>;
}

/**
 * Starts the parts of one process in this order: database, migrations, contexts, mesh, queues, operations port, edge. Then the process is ready.
 *
 * Errors: ConfigurationError if the app itself has faults: nothing was opened. The error of a part that could not be opened: all open parts were closed again.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  assertApp(options.app);
  await assertListenersFree(options.plan);
  const open = new OpenThings(options.log);
  try {
    return await buildProcess(options, open);
  } catch (error) {
    await open.close();
    throw error;
  }
}

async function buildProcess(options: ProcessOptions, open: OpenThings): Promise<RunningProcess> {
  const { app, runAlone = () => cannotRunAlone } = options;
  const core = await openCore(options, open);
  const { plan, log, clock, timers, random, newId, database, databaseWait, hosted, mesh, peers, resolve, callMetrics, workMetrics } = core;
  const { limits } = plan;
  const { stores, url: databaseUrl, differing } = database;
  const boards = new Map(
    [...stores].map(([name, { notifyStanding }]) => [name, new TaskBoard(clock, notifyStanding === undefined ? [] : [notifyStanding])]),
  );
  const thread = openLeaseThread(options, core, open);
  const work = await startWork({
    ...{ plan, stores, databaseUrl, databaseWait },
    // If the tables of a context are not as its code needs them, each attempt of its jobs would fail and be counted. So its jobs wait for a process that can
    // run them.
    hosted: hosted.filter(({ name }) => !differing.has(name)),
    app: app.contexts,
    runAlone: runAlone({ secret: core.secret, databaseUrl }),
    services: { clock, timers, log, random, newId, count: workMetrics.count, left: workMetrics.left, boards, thread },
  });
  if (work !== undefined) open.add("queues", work);
  const retentions = startRetentions(core, boards);
  for (const retention of retentions) open.add(`retention of ${retention.context}`, retention);

  const state: { phase: "starting" | "running" | "stopping" } = { phase: "starting" };
  const watch = open.add("database watch", new DatabaseWatch(stores, { clock, timers, log, random }));
  const clocks = open.add("clock watch", new ClockWatch({ stores, boards, clock, timers, log, random }));
  const rateStore = await openRateStore(core, open);
  const workflows = workflowsOf(work, hosted);
  const parts = (): readonly HealthPart[] => {
    const hanging = new Map(workflows.map((its) => [its.context, its.hanging()]));
    return healthParts({ databases: stores, differing, silent: watch.silent, peers, boards, hanging, backend: work?.backend, rateStore });
  };
  const readiness = (): Readiness => readinessOf({ phase: state.phase, hosted: plan.contexts, parts: parts() });
  const admins = createAdmins(core, work);
  const queues = work === undefined ? [] : hosted.flatMap(({ module }) => queuesOf(module));
  const gauges = [
    ...processGauges({ database, hosted, mesh, peers, parts, skewsMs: clocks.skewsMs }),
    ...workGauges({
      admins,
      retentions,
      workflows,
      jobs: jobsOf(work, hosted),
      backend: work?.backend,
      queues,
      monotonicMs: () => clock.monotonicMs(),
    }),
  ];
  const metrics = createMetrics({ calls: callMetrics, work: workMetrics, gauges });
  const dashboard = createDashboard({ app, core, work, admins, open });
  const ops = open.add("operations server", await createOpsServer({ ...plan.ops, metrics, readiness, log, dashboard }));
  const edge = plan.edge === undefined ? undefined : open.add("edge", await openEdge(app, core, readiness, rateStore));
  state.phase = "running";

  let closing: Promise<void> | undefined;
  return {
    ...{ plan, edge, mesh, ops, database, contexts: hosted, work, resolve, timers, clock, readiness },
    router(name) {
      const context = hosted.find((candidate) => candidate.name === name);
      if (context === undefined) throw catalogueError("NOT_FOUND", `The context ${name} is not hosted here.`);
      return createContextRouter({ targets: context.targets, clock, limits });
    },
    async connected() {
      await Promise.all([...peers.values()].map((peer) => peer.ready()));
    },
    close() {
      state.phase = "stopping";
      closing ??= stopProcess(core, edge, work, open);
      return closing;
    },
  };
}

/** The workflows that this process runs. */
function workflowsOf(work: Work | undefined, hosted: readonly CompiledContext[]): WorkGaugeSources["workflows"] {
  return (work?.contexts ?? []).flatMap(({ name, workflows }) => {
    const bodies = hosted.find((context) => context.name === name)?.workflows.bodies.keys() ?? [];
    return workflows === undefined ? [] : [{ context: name, bodies: [...bodies], hanging: () => workflows.hanging }];
  });
}

/** The names of the jobs that this process has handlers for, whether one runs now or not. */
function jobsOf(work: Work | undefined, hosted: readonly CompiledContext[]): WorkGaugeSources["jobs"] {
  return (work?.contexts ?? []).flatMap(({ name, jobs }) => {
    const handlers = hosted.find((context) => context.name === name)?.jobs.keys() ?? [];
    return jobs === undefined ? [] : [{ context: name, names: [...handlers] }];
  });
}

/** Only a process with the role `jobs` has leases. */
function openLeaseThread({ startLeaseWorker }: ProcessOptions, { plan, clock, log }: Core, open: OpenThings): LeaseThread | undefined {
  if (startLeaseWorker === undefined || !plan.roles.includes("jobs")) return undefined;
  return open.add("lease thread", new LeaseThread({ start: () => startLeaseWorker(plan), clock, log }));
}

const cannotRunAlone: RunAlone = async () => ({ kind: "unstarted", how: "this process cannot start child processes" });

/**
 * Waits for `drainMs`, while the process reports that it is not ready, so that load balancers notice. Then it closes the edge and the queues, which call
 * contexts, and after them the mesh, on which other processes call. Then it waits for work that runs on without a caller. Each part finishes its work in flight
 * within the grace period. At the end it closes all parts that are still open.
 */
async function stopProcess({ plan, mesh, hosted }: Core, edge: Edge | undefined, work: Work | undefined, open: OpenThings): Promise<void> {
  const { limits } = plan;
  if (limits.drainMs > 0) await delay(limits.drainMs);
  await Promise.all([edge?.close(), work?.close()]);
  await mesh?.drain();
  const grace = new AbortController();
  await Promise.race([
    Promise.all(hosted.map((context) => context.idle())),
    delay(limits.graceMs, undefined, { signal: grace.signal }).catch(() => {}),
  ]);
  grace.abort();
  await open.close();
}

/**
 * Runs, in a child process, the one job that its parent sends. The child hosts the contexts of its parent, listens on no port, and takes work from no queue.
 *
 * Errors: those of the parts that could not be opened.
 */
export async function serveJobAlone(options: CoreOptions, channel: AloneChannel): Promise<void> {
  const { edge: _edge, mesh: _mesh, ...rest } = options.plan;
  const open = new OpenThings(options.log);
  const { hosted, database, clock, timers, log, random, newId } = await openCore({ ...options, plan: { ...rest, roles: [], workersCount: 0 } }, open);
  serveAlone(channel, async (request) => {
    const context = hosted.find(({ name }) => name === request.context);
    const store = database.stores.get(request.context);
    if (context === undefined || store === undefined) throw catalogueError("NOT_FOUND", `The context ${request.context} is not hosted here.`);
    await runJobAlone({ module: context.module, handlers: context.jobs, store, services: { clock, timers, log, random, newId } }, request);
  });
}
