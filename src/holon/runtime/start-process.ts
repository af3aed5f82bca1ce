import { randomUUID } from "node:crypto";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { AnyTRPCRouter } from "@trpc/server";
import { type CompiledContext, compileContext, createContextRouter, type PipelineServices, type ResolveTarget } from "../context/index.ts";
import type { Contract, Target, TargetMap } from "../contract/index.ts";
import { walkProcedures } from "../contract/index.ts";
import { createEdge, createOpsServer, type Edge, type OpsServer, type Readiness } from "../edge/index.ts";
import { ANONYMOUS, type Clock, catalogueError, type Limits, type Logger, OpenThings, systemClock, TimerWheel } from "../kernel/index.ts";
import { CallMetrics, createMetrics } from "../observe/index.ts";
import type { Plan } from "../topology/index.ts";
import { createMeshServer, type MeshPeer, type MeshServer } from "../transport/mesh/index.ts";
import { assertApp } from "./assert-app.ts";
import { DatabaseWatch } from "./database-watch.ts";
import type { App } from "./define-app.ts";
import { type OpenDatabase, openDatabase } from "./open-database.ts";
import { connectPeers, createResolver, targetsOf } from "./routing.ts";

/** What {@link startProcess} needs. */
export interface ProcessOptions {
  readonly app: App;
  /** Complete: with a secret, where anything listens on or calls the mesh. */
  readonly plan: Plan;
  readonly log: Logger;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly newId?: () => string;
  /** Stands between callers and the procedures that they reach; tests put faults and duplicates here. */
  readonly wrapTarget?: (target: Target) => Target;
  /** Sends every call over this process's own mesh port, as if each context were elsewhere; for tests. */
  readonly selfMesh?: boolean;
}

/** A process of an app, started. */
export interface RunningProcess {
  readonly plan: Plan;
  readonly edge: Edge | undefined;
  readonly mesh: MeshServer | undefined;
  readonly ops: OpsServer | undefined;
  readonly database: OpenDatabase;
  readonly contexts: readonly CompiledContext[];
  /** How this process reaches any procedure of the app. */
  readonly resolve: ResolveTarget;
  readonly wheel: TimerWheel;
  readonly clock: Clock;
  readiness(): Readiness;
  /** A genuine tRPC router of a context hosted here: for `createCaller`, and for tRPC's own adapters. Errors: NOT_FOUND. */
  router(context: string): AnyTRPCRouter;
  /** Resolves when every process that this one calls is connected. */
  connected(): Promise<void>;
  /** Not ready, no new work, finish what is in flight, close in reverse order. Calling it again waits for the same end. */
  close(): Promise<void>;
}

/**
 * Starts one process: database, migrations, contexts, mesh, edge, ready.
 *
 * Errors: what could not be opened; everything opened before is closed again.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  assertApp(options.app);
  const open = new OpenThings(options.log);
  try {
    return await buildProcess(options, open);
  } catch (error) {
    await open.close();
    throw error;
  }
}

async function buildProcess(options: ProcessOptions, open: OpenThings): Promise<RunningProcess> {
  const {
    app,
    plan,
    log,
    clock = systemClock,
    random = Math.random,
    newId = randomUUID,
    wrapTarget = (target) => target,
    selfMesh = false,
  } = options;
  const { limits } = plan;
  const modules = app.contexts.filter(({ name }) => plan.contexts.includes(name));
  const contracts = app.contexts.map(({ contract }) => contract);
  const wheel = open.add("timer wheel", new TimerWheel(() => clock.monotonicMs()));
  const database = await openDatabase({ plan, modules, migrations: path.resolve(app.migrations ?? "migrations"), open, clock, log });

  const callMetrics = new CallMetrics({ procedures: contracts.flatMap(pathsOf), callers: contracts.map(({ name }) => name) });
  const services: PipelineServices = {
    clock,
    wheel,
    log,
    newId,
    series: (labels) => callMetrics.series(labels),
    transportOf: (caller) => (caller === "edge" && plan.edge !== undefined ? "local" : "mesh"),
  };
  const hosted = modules.map((module) => compileContext({ module, store: database.stores.get(module.name), limits, services }));

  const processName = `${plan.name}/${plan.contexts.length === 0 ? "edge" : plan.contexts.join("+")}/${process.pid}`;
  const secret = plan.secret ?? newId();
  const mesh = plan.mesh === undefined || hosted.length === 0 ? undefined : await openMesh({ plan, hosted, secret, processName, clock, wheel, log });
  const callerContexts = [...plan.contexts, ...(plan.edge === undefined ? [] : ["edge"])];
  const addresses = selfMesh && mesh !== undefined ? selfAddresses(plan, mesh) : plan.addresses;
  const peers = connectPeers({ addresses, contracts, callerContexts, secret, processName, limits, clock, wheel, log, random, newId });
  for (const peer of new Set(peers.values())) open.add("mesh peer", peer);
  if (mesh !== undefined) open.add("mesh server", mesh);

  const reach = createResolver(selfMesh ? [] : hosted, peers);
  const resolve: ResolveTarget = (...place) => wrapTarget(reach(...place));
  for (const context of hosted) context.connect(resolve);

  const state = { stopping: false };
  const watch = open.add("database watch", new DatabaseWatch(database.stores));
  const readiness = (): Readiness => readinessOf(state.stopping, watch.silent, peers);
  const metrics = createMetrics({ calls: callMetrics, gauges: gaugesOf(database, hosted) });
  const ops = open.add("operations server", await createOpsServer({ ...plan.ops, metrics, readiness, log }));
  const edge =
    plan.edge === undefined ? undefined : await openEdge({ app, plan, contracts, resolve, callMetrics, readiness, clock, wheel, log, newId });
  if (edge !== undefined) open.add("edge", edge);

  let closing: Promise<void> | undefined;
  return {
    ...{ plan, edge, mesh, ops, database, contexts: hosted, resolve, wheel, clock, readiness },
    router(name) {
      const context = hosted.find((candidate) => candidate.name === name);
      if (context === undefined) throw catalogueError("NOT_FOUND", `The context ${name} is not hosted here.`);
      return createContextRouter({ targets: context.targets, clock, limits });
    },
    async connected() {
      await Promise.all([...peers.values()].map((peer) => peer.ready()));
    },
    close() {
      state.stopping = true;
      closing ??= stop({ limits, edge, mesh, hosted, open });
      return closing;
    },
  };
}

interface StopParts {
  readonly limits: Limits;
  readonly edge: Edge | undefined;
  readonly mesh: MeshServer | undefined;
  readonly hosted: readonly CompiledContext[];
  readonly open: OpenThings;
}

/**
 * Not ready for a while, so that balancers notice; then the edge, which calls the others; then the mesh, which others call; then what runs on
 * without a caller. Each finishes what is in flight, within the grace.
 */
async function stop({ limits, edge, mesh, hosted, open }: StopParts): Promise<void> {
  if (limits.drainMs > 0) await delay(limits.drainMs);
  await edge?.close();
  await mesh?.drain();
  const patience = new AbortController();
  await Promise.race([
    Promise.all(hosted.map((context) => context.idle())),
    delay(limits.graceMs, undefined, { signal: patience.signal }).catch(() => {}),
  ]);
  patience.abort();
  await open.close();
}

function selfAddresses(plan: Plan, mesh: MeshServer): Record<string, readonly string[]> {
  return Object.fromEntries(plan.contexts.map((name) => [name, [`http://127.0.0.1:${mesh.port}`]]));
}

function pathsOf(contract: Contract): string[] {
  return [...walkProcedures(contract.procedures)].map(([path]) => `${contract.name}.${path}`);
}

interface MeshParts {
  readonly plan: Plan;
  readonly hosted: readonly CompiledContext[];
  readonly secret: string;
  readonly processName: string;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
}

function openMesh({ plan, hosted, secret, processName, clock, wheel, log }: MeshParts): Promise<MeshServer> {
  const targets: TargetMap = new Map(hosted.flatMap((context) => [...context.targets]));
  const { host = "127.0.0.1", port = 0 } = plan.mesh ?? {};
  return createMeshServer({ targets, contexts: plan.contexts, secret, host, port, processName, limits: plan.limits, clock, wheel, log });
}

interface EdgeParts {
  readonly app: App;
  readonly plan: Plan;
  readonly contracts: readonly Contract[];
  readonly resolve: ResolveTarget;
  readonly callMetrics: CallMetrics;
  readonly readiness: () => Readiness;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  readonly newId: () => string;
}

function openEdge({ app, plan, contracts, resolve, callMetrics, readiness, clock, wheel, log, newId }: EdgeParts): Promise<Edge> {
  const { authenticate } = app;
  const { host = "127.0.0.1", port = 0 } = plan.edge ?? {};
  const reachable = contracts.filter(({ name }) => plan.contexts.includes(name) || plan.addresses[name] !== undefined);
  return createEdge({
    targets: targetsOf(reachable, resolve),
    authenticate: async (request) => (await authenticate?.(request)) ?? ANONYMOUS,
    limits: plan.limits,
    ...{ clock, wheel, log, newId, host, port, readiness },
    metrics: callMetrics,
    isProduction: plan.production,
    trustedProxies: plan.trustedProxies,
    cors: { origins: plan.corsOrigins },
  });
}

function readinessOf(stopping: boolean, silent: ReadonlySet<string>, peers: ReadonlyMap<string, MeshPeer>): Readiness {
  const reasons: string[] = [];
  if (stopping) reasons.push("this process is stopping");
  for (const name of silent) reasons.push(`the database of ${name} does not answer`);
  for (const [name, peer] of peers) {
    const { status, reason } = peer.state();
    if (status !== "ready") reasons.push(`${name} is not connected: ${reason}`);
  }
  return { ready: reasons.length === 0, reasons };
}

function gaugesOf({ stores }: OpenDatabase, hosted: readonly CompiledContext[]): Parameters<typeof createMetrics>[0]["gauges"] {
  return [
    {
      name: "holon_pool_in_use",
      help: "Connections of a context that are in use.",
      label: "context",
      values: () => [...stores].map(([name, store]) => [name, store.stats().inUse] as const),
    },
    {
      name: "holon_pool_waiting",
      help: "Calls that wait for a connection.",
      label: "context",
      values: () => [...stores].map(([name, store]) => [name, store.stats().waiting] as const),
    },
    {
      name: "holon_calls_running",
      help: "Calls of a context that run now.",
      label: "context",
      values: () => hosted.map((context) => [context.name, context.running()] as const),
    },
  ];
}
