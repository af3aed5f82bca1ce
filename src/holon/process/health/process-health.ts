import type { Readiness } from "../../edge/edge.ts";
import type { RateStore } from "../../edge/rates/rate-counter.ts";
import type { MeshPeer } from "../../mesh/caller/mesh-peer.ts";
import type { TaskBoard } from "../../work/engine/task-board.ts";
import type { HangingRun } from "../../work/workflows/run-session.ts";
import type { OpenDatabase } from "../start/open-database.ts";
import type { Work } from "../start/start-work.ts";

/** A part that a process works with, and whether it works now. */
export interface HealthPart {
  readonly part: "database" | "peer" | "queues" | "rates" | "work";
  /** The context of a database, a peer or background work; the backend of any other part. It is a label of a metric. All names are known at start. */
  readonly name: string;
  /** The fault as a sentence for operators; undefined while the part works. */
  readonly fault: string | undefined;
}

/** The state that {@link healthParts} reads. */
interface HealthSources {
  /** The databases by context. */
  readonly databases: ReadonlyMap<string, unknown>;
  /** Contexts whose tables are not as their code needs them. */
  readonly differing: OpenDatabase["differing"];
  /** Contexts whose database does not answer. */
  readonly silent: ReadonlySet<string>;
  readonly peers: ReadonlyMap<string, Pick<MeshPeer, "state">>;
  /** Background work of the contexts hosted here, by context. */
  readonly boards: ReadonlyMap<string, TaskBoard>;
  /** Workflow runs of this process whose body hangs, by context. */
  readonly hanging: ReadonlyMap<string, readonly HangingRun[]>;
  readonly backend: Pick<NonNullable<Work["backend"]>, "kind" | "fault"> | undefined;
  /** Set only if several edges count rates together. */
  readonly rateStore: Pick<RateStore, "reachable"> | undefined;
}

/** All parts of a process, working or not. The plan alone decides how many there are. */
export function healthParts({ databases, differing, silent, peers, boards, hanging, backend, rateStore }: HealthSources): readonly HealthPart[] {
  const parts: HealthPart[] = [];
  for (const name of databases.keys()) {
    const fault = silent.has(name) ? `the database of ${name} does not answer` : differing.get(name)?.reason;
    parts.push({ part: "database", name, fault });
  }
  for (const [name, peer] of peers) {
    const { status, reason } = peer.state();
    parts.push({ part: "peer", name, fault: status === "ready" ? undefined : `${name} is not connected: ${reason}` });
  }
  for (const [name, board] of boards) {
    const faults = [workFault(name, board), hangingFault(name, hanging.get(name) ?? [])].filter((fault) => fault !== undefined);
    parts.push({ part: "work", name, fault: faults.length === 0 ? undefined : faults.join("; ") });
  }
  if (backend !== undefined) {
    parts.push({ part: "queues", name: backend.kind, fault: backend.fault });
  }
  if (rateStore !== undefined) {
    const fault = rateStore.reachable ? undefined : "Redis cannot be reached: for rate limits, this edge counts only its own calls";
    parts.push({ part: "rates", name: "redis", fault });
  }
  return parts;
}

/** Names each task that fails, so that an operator can search for it in the log. */
function workFault(context: string, board: TaskBoard): string | undefined {
  const failing = board.failing();
  if (failing.length === 0) return undefined;
  const named = failing.map(({ task, failingForMs, reason }) => `${task}, for ${Math.round(failingForMs / 1_000)} s: ${reason}`);
  return `background work of ${context} fails (${named.join("; ")})`;
}

/** Names the run that has hung for the longest time. Each hanging run takes up one of the places for runs in this process. */
function hangingFault(context: string, runs: readonly HangingRun[]): string | undefined {
  const [first] = [...runs].sort((one, other) => other.forMs - one.forMs);
  if (first === undefined) return undefined;
  const { id, workflow, lastStep, forMs } = first;
  const after = lastStep === undefined ? "before its first step" : `after the step ${lastStep}`;
  const which = `${workflow} ${id}, ${after}, for ${Math.round(forMs / 1_000)} s`;
  if (runs.length === 1) return `a run of ${context} waits for a promise that is not a step (${which})`;
  return `${runs.length} runs of ${context} wait for promises that are not steps (the first: ${which})`;
}

/** The state that readiness is computed from. */
interface ReadinessSources {
  readonly phase: "starting" | "running" | "stopping";
  /** Names of the contexts that are hosted here. */
  readonly hosted: readonly string[];
  readonly parts: readonly HealthPart[];
}

/**
 * Whether a load balancer should send calls to this process, and what does not work here.
 *
 * A process is not ready while it starts or stops. It is not ready either while none of its contexts can work: the database of each context does not answer, or
 * its tables are not as the code needs them. If any other part does not work, the process is *degraded* and stays ready. The other processes lack that part
 * too. If they were not ready, all of them would leave the balancer together, with everything that still works.
 */
export function readinessOf({ phase, hosted, parts }: ReadinessSources): Readiness {
  const reasons: string[] = phase === "running" ? [] : [`this process is ${phase}`];
  const broken = parts.filter(({ part, fault }) => part === "database" && fault !== undefined);
  const canWork = hosted.length === 0 || hosted.some((context) => broken.every(({ name }) => name !== context));
  if (!canWork) reasons.push(...faultsOf(broken));
  const degraded = faultsOf(canWork ? parts : parts.filter(({ part }) => part !== "database"));
  return { ready: reasons.length === 0, reasons, degraded };
}

function faultsOf(parts: readonly HealthPart[]): readonly string[] {
  return parts.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
}
