import { randomUUID } from "node:crypto";
import path from "node:path";
import { type Contract, type Target, type TargetMap, walkProcedures } from "../../contract/index.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import type { OpenThings } from "../../kernel/lifecycle.ts";
import type { Logger } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { createMeshServer, type MeshServer } from "../../mesh/callee/mesh-server.ts";
import type { MeshPeer } from "../../mesh/caller/mesh-peer.ts";
import { createKeyIdentity, createSecretIdentity, type ProcessIdentity } from "../../mesh/identity/process-identity.ts";
import { Roster } from "../../mesh/identity/roster.ts";
import { CallMetrics } from "../../observe/call-metrics.ts";
import { WorkMetrics } from "../../observe/work-metrics.ts";
import type { PipelineDeps } from "../../pipeline/compiled-procedure.ts";
import { type CompiledContext, compileContext, type ResolveTarget } from "../../pipeline/context-runtime.ts";
import { type App, shapeOf } from "../app/define-app.ts";
import { namesOf, type Plan } from "../plan/plan.ts";
import { writeSubscribers } from "./context-work.ts";
import { DatabaseWait } from "./database-wait.ts";
import { type OpenDatabase, openDatabase } from "./open-database.ts";
import { connectPeers, createCallPolicy, createOwnCaller, createResolver } from "./routing.ts";

/** Options of every process of an app, whatever it serves. */
export interface CoreOptions {
  readonly app: App;
  /** Must contain a secret if any part of the process listens on the mesh or calls over it. */
  readonly plan: Plan;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Returns a number that is at least 0 and less than 1. */
  readonly random?: () => number;
  readonly newId?: () => string;
  /** Wraps each procedure that callers reach. Tests use it to inject faults and to send calls twice. */
  readonly wrapTarget?: (target: Target) => Target;
  /** Callers that are not contexts of the app and may call all of them; for tests. */
  readonly guests?: readonly string[];
  /** Sends every call over this process's own mesh port, as if each context were elsewhere; for tests. */
  readonly selfMesh?: boolean;
}

/** The contexts of a process and their connections to other processes: all parts except the public side and the queues. */
export interface Core {
  readonly plan: Plan;
  readonly log: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly newId: () => string;
  /** The plan's secret, or one that was made up for this process alone. */
  readonly secret: string;
  readonly database: OpenDatabase;
  readonly databaseWait: DatabaseWait;
  readonly contracts: readonly Contract[];
  readonly hosted: readonly CompiledContext[];
  readonly mesh: MeshServer | undefined;
  readonly peers: ReadonlyMap<string, MeshPeer>;
  readonly resolve: ResolveTarget;
  /** The name under which this process itself calls a procedure, such as for the sign-in to its dashboard. */
  readonly callerFor: (procedure: string) => string;
  readonly callMetrics: CallMetrics;
  readonly workMetrics: WorkMetrics;
}

/** Opens database and mesh, and compiles the hosted contexts. */
export async function openCore(options: CoreOptions, open: OpenThings): Promise<Core> {
  const {
    app,
    plan,
    log,
    clock = systemClock,
    random = Math.random,
    newId = randomUUID,
    wrapTarget = (target) => target,
    selfMesh = false,
    guests = [],
  } = options;
  const { limits } = plan;
  const shape = shapeOf(app);
  const modules = app.contexts.filter(({ name }) => plan.contexts.includes(name));
  const contracts = app.contexts.map(({ contract }) => contract);
  const timers = open.add("timers", new Timers(() => clock.monotonicMs()));
  const databaseWait = new DatabaseWait({ plan, clock, timers, random, log });
  const database = await openDatabase({ plan, modules, migrations: path.resolve(app.migrations ?? "migrations"), open, databaseWait, clock, log });
  await writeSubscribers(modules, app.contexts, database.stores, databaseWait, clock);

  const callMetrics = new CallMetrics({ procedures: contracts.flatMap(pathsOf), callers: contracts.map(({ name }) => name) });
  const workMetrics = new WorkMetrics();
  const pipeline: PipelineDeps = {
    ...{ clock, timers, log, newId },
    series: (labels) => callMetrics.series(labels),
    count: workMetrics.count,
    mayCall: createCallPolicy(shape, guests),
    transportOf: (caller) => (caller === "edge" && plan.edge !== undefined ? "local" : "mesh"),
  };
  const hosted = modules.map((module) =>
    compileContext({ module, store: database.stores.get(module.name), limits, pipeline, isClosed: database.differing.has(module.name) }),
  );
  // Start handlers run before any call can arrive. A child process for one job has no role: it runs no start handler, because its parent has run them.
  if (plan.roles.length > 0) for (const context of hosted) if (!database.differing.has(context.name)) await context.start();

  const processName = `${plan.name}/${plan.contexts.length === 0 ? "edge" : plan.contexts.join("+")}/${process.pid}`;
  const secret = plan.secret ?? newId();
  const identity = createIdentity(plan, secret, clock);
  const mesh =
    plan.mesh === undefined || hosted.length === 0 ? undefined : await openMesh({ plan, hosted, clock, timers, log }, identity, processName);
  const callerContexts = namesOf(plan);
  const addresses = selfMesh && mesh !== undefined ? selfAddresses(plan, mesh) : plan.addresses;
  const { meshTls: tls } = plan;
  const peers = connectPeers({ addresses, contracts, callerContexts, identity, tls, processName, limits, clock, timers, log, random, newId });
  for (const peer of new Set(peers.values())) open.add("mesh peer", peer);
  if (mesh !== undefined) open.add("mesh server", mesh);

  const reach = createResolver(selfMesh ? [] : hosted, peers);
  const resolve: ResolveTarget = (...place) => wrapTarget(reach(...place));
  for (const context of hosted) context.connect(resolve);
  const callerFor = createOwnCaller(shape, plan);
  return {
    plan,
    log,
    clock,
    timers,
    random,
    newId,
    secret,
    database,
    databaseWait,
    contracts,
    hosted,
    mesh,
    peers,
    resolve,
    callerFor,
    callMetrics,
    workMetrics,
  };
}

/** The identity uses keys if the plan has them. Otherwise it uses the secret, which proves membership only. */
function createIdentity({ key, peers, limits }: Plan, secret: string, clock: Clock): ProcessIdentity {
  if (key === undefined || peers === undefined) return createSecretIdentity(secret);
  return createKeyIdentity({ key, roster: new Roster(peers), clock, limits });
}

function selfAddresses(plan: Plan, mesh: MeshServer): Record<string, readonly string[]> {
  return Object.fromEntries(plan.contexts.map((name) => [name, [`http://127.0.0.1:${mesh.port}`]]));
}

function pathsOf(contract: Contract): string[] {
  return [...walkProcedures(contract.procedures)].map(([path]) => `${contract.name}.${path}`);
}

function openMesh(
  { plan, hosted, clock, timers, log }: Pick<Core, "plan" | "hosted" | "clock" | "timers" | "log">,
  identity: ProcessIdentity,
  processName: string,
): Promise<MeshServer> {
  const targets: TargetMap = new Map(hosted.flatMap((context) => [...context.targets]));
  const { host = "127.0.0.1", port = 0 } = plan.mesh ?? {};
  const { contexts, meshTls: tls, limits } = plan;
  return createMeshServer({ targets, contexts, identity, tls, host, port, processName, limits, clock, timers, log });
}
