import { randomBytes, randomUUID } from "node:crypto";
import type { Contract, ContractMap, Target } from "../contract/index.ts";
import type { Calls } from "../define/handler-context.ts";
import { type Clock, systemClock } from "../kernel/clock.ts";
import type { Limits } from "../kernel/limits.ts";
import { type Logger, silentLogger } from "../kernel/log.ts";
import { ANONYMOUS, type Principal, type UserPrincipal } from "../kernel/principal.ts";
import { Scope } from "../kernel/scope.ts";
import { createMeshPeer, type MeshPeer } from "../mesh/caller/mesh-peer.ts";
import { createSecretIdentity, type ProcessIdentity } from "../mesh/identity/process-identity.ts";
import { bindCall } from "../pipeline/bound-call.ts";
import { type CallOrigin, compileCallTree } from "../pipeline/call-tree.ts";
import type { ResolveTarget } from "../pipeline/context-runtime.ts";
import type { App } from "../process/app/define-app.ts";
import type { RunningProcess } from "../process/start/start-process.ts";
import { duplicating, FaultBoard, type InjectedFault } from "./fault-board.ts";
import { startTopology, TestKeys, type Topology } from "./start-topology.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

/** Options of {@link testApp}. */
export interface TestAppOptions<C extends ContractMap> {
  /** The contracts that the test calls. They type the calls. */
  readonly contracts: C;
  readonly topology: Topology;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Redis for the queues; by default the queues are in the database. */
  readonly redisUrl?: string;
  /** The URL of a database that exists. By default a new database is made, which is dropped at close. */
  readonly databaseUrl?: string;
  /**
   * False leaves out the code that injects faults between callers and procedures. Calls then run through the same code as in production, and `fail` has no
   * effect.
   */
  readonly faults?: boolean;
}

/** Makes the calls of a test as one principal. */
export interface TestCaller<C extends ContractMap> {
  readonly call: Calls<C>;
}

/** An app that runs for a test: with a real database and real sockets, in any topology. */
export interface TestApp<C extends ContractMap> {
  /** The public address, for the official clients. */
  readonly url: string;
  readonly databaseUrl: string;
  readonly processes: readonly RunningProcess[];
  /** The process that hosts a context. */
  host(context: string): RunningProcess;
  /** Makes calls as a user, with the given roles. */
  asUser(id: string, ...roles: string[]): TestCaller<C>;
  asAnonymous(): TestCaller<C>;
  /** Makes calls for the system of a context, and not for a user. */
  asSystem(context?: string): TestCaller<C>;
  /** Injects a fault between callers and a procedure or context; returns the function that removes it. */
  fail(fault: InjectedFault): () => void;
  /** Stops the processes, and drops the database unless `databaseUrl` named it. */
  close(): Promise<void>;
}

/** The name of the context as which tests call. */
const TEST_CALLER = "test";

/** Starts an app for a test. Close it at the end: a process or connection that stays open keeps the test from ending. */
export async function testApp<C extends ContractMap>(app: App, options: TestAppOptions<C>): Promise<TestApp<C>> {
  const { contracts, topology, limits, clock = systemClock, log = silentLogger, faults = true } = options;
  const database = options.databaseUrl === undefined ? await createTestDatabase() : keptDatabase(options.databaseUrl);
  const board = new FaultBoard();
  const secret = randomBytes(32).toString("hex");
  const names = app.contexts.map(({ name }) => name);
  const keys = topology === "apart" ? new TestKeys(names, TEST_CALLER) : undefined;
  const identity = keys?.testIdentity(clock) ?? createSecretIdentity(secret);
  const wrapTarget = (target: Target): Target => {
    const delivered = topology === "wire" ? duplicating(target, randomUUID) : target;
    return faults ? board.wrap(delivered) : delivered;
  };
  try {
    const started = await startTopology({
      app,
      topology,
      databaseUrl: database.url,
      redisUrl: options.redisUrl,
      secret,
      keys,
      guests: [TEST_CALLER],
      limits,
      log,
      clock,
      wrapTarget,
    });
    await Promise.all(started.processes.map((running) => running.connected()));
    const peers =
      topology === "together" ? new Map<RunningProcess, MeshPeer>() : connectTo(started.processes, Object.values(contracts), identity, clock, log);
    await Promise.all([...peers.values()].map((peer) => peer.ready()));

    const resolve: ResolveTarget = (context, path, procedure) => {
      const host = started.host(context);
      const peer = peers.get(host);
      return peer === undefined ? host.resolve(context, path, procedure) : wrapTarget(peer.target(context, path, procedure));
    };
    const series = () => ({ record() {} });
    const tree = compileCallTree(contracts, (context, path, procedure) => bindCall(TEST_CALLER, resolve(context, path, procedure), series));
    const callerFor = (principal: Principal): TestCaller<C> => ({
      get call() {
        return tree(originFor(principal, started.edge, clock)) as Calls<C>;
      },
    });
    return {
      url: started.edge.edge?.url ?? "",
      databaseUrl: database.url,
      processes: started.processes,
      host: started.host,
      asUser: (id, ...roles) => callerFor(Object.freeze({ kind: "user", id, roles: Object.freeze(roles) } satisfies UserPrincipal)),
      asAnonymous: () => callerFor(ANONYMOUS),
      asSystem: (context = TEST_CALLER) => callerFor(Object.freeze({ kind: "system", context, task: "test" })),
      fail: (fault) => board.inject(fault),
      async close() {
        await Promise.all([...peers.values()].map((peer) => peer.close()));
        for (const running of started.processes) await running.close();
        await database.drop();
      },
    };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

function connectTo(
  processes: readonly RunningProcess[],
  contracts: readonly Contract[],
  identity: ProcessIdentity,
  clock: Clock,
  log: Logger,
): Map<RunningProcess, MeshPeer> {
  const peers = new Map<RunningProcess, MeshPeer>();
  for (const running of processes) {
    const { mesh, plan, timers } = running;
    if (mesh === undefined) continue;
    const expected = contracts.filter(({ name }) => plan.contexts.includes(name));
    const url = `http://127.0.0.1:${mesh.port}`;
    peers.set(
      running,
      createMeshPeer({
        url,
        identity,
        processName: TEST_CALLER,
        callerContexts: [TEST_CALLER],
        contracts: expected,
        random: Math.random,
        newKey: randomUUID,
        limits: plan.limits,
        clock,
        timers,
        log,
      }),
    );
  }
  return peers;
}

function originFor(principal: Principal, { plan }: RunningProcess, clock: Clock): CallOrigin {
  const scope = Scope.root({ principal, deadlineAtMs: clock.monotonicMs() + plan.limits.deadlineMs, caller: TEST_CALLER });
  return { scope, callPrincipal: principal, contextName: TEST_CALLER, insideTransaction: false, monotonicMs: () => clock.monotonicMs() };
}

function keptDatabase(url: string): Pick<TestDatabase, "url" | "drop"> {
  return { url, drop: async () => {} };
}
