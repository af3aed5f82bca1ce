import { type Contract, type Target, type TargetMap, walkProcedures } from "../../contract/index.ts";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Timers } from "../../kernel/timers.ts";
import { createMeshPeer, type MeshPeer } from "../../mesh/caller/mesh-peer.ts";
import type { MeshTls } from "../../mesh/connection/mesh-tls.ts";
import type { ProcessIdentity } from "../../mesh/identity/process-identity.ts";
import { EDGE } from "../../mesh/identity/roster.ts";
import type { MayCall } from "../../pipeline/compiled-procedure.ts";
import type { CompiledContext, ResolveTarget } from "../../pipeline/context-runtime.ts";
import { type AppShape, namesOf, type Plan } from "../plan/plan.ts";

interface PeersDeps {
  /** Mesh addresses by context. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly contracts: readonly Contract[];
  readonly callerContexts: readonly string[];
  readonly identity: ProcessIdentity;
  readonly tls: MeshTls | undefined;
  readonly processName: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly random: () => number;
  readonly newId: () => string;
}

/** The other processes by context. Contexts at the same address share a connection. */
export function connectPeers(deps: PeersDeps): ReadonlyMap<string, MeshPeer> {
  const { addresses, contracts, callerContexts, identity, tls, processName, limits, clock, timers, log, random, newId } = deps;
  const shared = { identity, tls, processName, callerContexts, random, newKey: newId, limits, clock, timers, log };
  const byUrl = new Map<string, Contract[]>();
  for (const contract of contracts) {
    const [url] = addresses[contract.name] ?? [];
    if (url === undefined) continue;
    byUrl.set(url, [...(byUrl.get(url) ?? []), contract]);
  }
  const peers = new Map<string, MeshPeer>();
  for (const [url, expected] of byUrl) {
    const peer = createMeshPeer({ ...shared, url, contracts: expected });
    for (const contract of expected) peers.set(contract.name, peer);
  }
  return peers;
}

/**
 * The target of each procedure of the app, as this process calls it: its compiled handler, or a call over the mesh.
 *
 * Errors: NOT_FOUND for a context that is neither hosted nor has an address; a valid plan has no such context.
 */
export function createResolver(hosted: readonly CompiledContext[], peers: ReadonlyMap<string, MeshPeer>): ResolveTarget {
  const local = new Map(hosted.map((context) => [context.name, context]));
  return (contextName, path, procedure) => {
    const target = local.get(contextName)?.targets.get(path) ?? peers.get(contextName)?.target(contextName, path, procedure);
    if (target === undefined)
      throw catalogueError("NOT_FOUND", `${path} cannot be called from this process: ${contextName} is not hosted here and has no address.`);
    return target;
  };
}

/** The contracts whose contexts are hosted in this process or have an address. */
export function reachableOf({ plan, contracts }: { readonly plan: Plan; readonly contracts: readonly Contract[] }): readonly Contract[] {
  return contracts.filter(({ name }) => plan.contexts.includes(name) || plan.addresses[name] !== undefined);
}

/** Every procedure of the given contracts, with the target by which this process calls it. */
export function targetsOf(contracts: readonly Contract[], resolve: ResolveTarget): TargetMap {
  const targets = new Map<string, Target>();
  for (const contract of contracts) {
    for (const [path, procedure] of walkProcedures(contract.procedures)) {
      targets.set(`${contract.name}.${path}`, resolve(contract.name, `${contract.name}.${path}`, procedure));
    }
  }
  return targets;
}

/**
 * Decides which context may call which, by the declared `calls` and nothing else. A subscription to events (`subscribesTo`) gives no right to call. Handlers,
 * jobs, workflows and `ctx.asSystem` of one context have the same rights. The edge may call all contexts, and hides internal procedures.
 */
export function createCallPolicy({ contexts }: Pick<AppShape, "contexts">, guests: readonly string[] = []): MayCall {
  const calls = new Map(contexts.map(({ name, calls: declared }) => [name, new Set(declared)]));
  const free = new Set([EDGE, ...guests]);
  return (caller, context) => free.has(caller) || calls.get(caller)?.has(context) === true;
}

/**
 * The name under which a process itself, outside of any handler, calls a procedure that is open to the outside. The name is `edge` if the process is an edge or
 * hosts the called context. If the context is elsewhere, it is the name of a context of this process that declares the call.
 */
export function createOwnCaller({ contexts }: Pick<AppShape, "contexts">, plan: Plan): (procedure: string) => string {
  const names = namesOf(plan);
  return (procedure) => {
    const called = procedure.slice(0, procedure.indexOf("."));
    if (names.includes(EDGE) || names.includes(called)) return EDGE;
    return contexts.find(({ name, calls }) => names.includes(name) && calls.includes(called))?.name ?? names[0] ?? plan.name;
  };
}
