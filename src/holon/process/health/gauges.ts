import type { MeshServer } from "../../mesh/callee/mesh-server.ts";
import type { MeshPeer } from "../../mesh/caller/mesh-peer.ts";
import type { GaugeReader, GaugeValues } from "../../observe/metrics.ts";
import type { CompiledContext } from "../../pipeline/context-runtime.ts";
import type { WorkAdmin, WorkCounts } from "../../work/admin/work-admin.ts";
import { COUNTED_MOST } from "../../work/engine/work-database.ts";
import type { QueueBackend } from "../../work/queue/queue-backend.ts";
import type { ContextRetention } from "../../work/retention/start-retention.ts";
import type { HangingRun } from "../../work/workflows/run-session.ts";
import type { OpenDatabase } from "../start/open-database.ts";
import type { HealthPart } from "./process-health.ts";

/** The state that {@link processGauges} reads. */
interface ProcessGaugeSources {
  readonly database: Pick<OpenDatabase, "url" | "stores">;
  readonly hosted: readonly CompiledContext[];
  readonly mesh: MeshServer | undefined;
  readonly peers: ReadonlyMap<string, MeshPeer>;
  readonly parts: () => readonly HealthPart[];
  /** How far the clock of this process is ahead of the clock of a context's database, by context. */
  readonly skewsMs: ReadonlyMap<string, number>;
}

/** Numbers of a process that are read at each scrape. */
export function processGauges({ database: { stores }, hosted, mesh, peers, parts, skewsMs }: ProcessGaugeSources): readonly GaugeReader[] {
  return [
    {
      name: "holon_degraded",
      help: "1 while a part that this process works with does not work: a database, a process that it calls, the queues, the shared rate limits.",
      labels: ["part", "name"],
      values: () => parts().map(({ part, name, fault }) => [[part, name], fault === undefined ? 0 : 1] as const),
    },
    {
      name: "holon_pool_in_use",
      help: "Connections of a context that are in use.",
      labels: ["context"],
      values: () => [...stores].map(([name, store]) => [[name], store.stats().inUse] as const),
    },
    {
      name: "holon_pool_waiting",
      help: "Calls that wait for a connection.",
      labels: ["context"],
      values: () => [...stores].map(([name, store]) => [[name], store.stats().waiting] as const),
    },
    {
      name: "holon_calls_running",
      help: "Calls of a context that run now.",
      labels: ["context"],
      values: () => hosted.map((context) => [[context.name], context.running()] as const),
    },
    {
      name: "holon_streams_running",
      help: "Streams of a context whose handlers run now.",
      labels: ["context"],
      values: () => hosted.map((context) => [[context.name], context.streams()] as const),
    },
    {
      name: "holon_clock_skew_seconds",
      help: "How far the clock of this process is ahead of the clock of a context's database; negative if it is behind.",
      labels: ["context"],
      values: () => [...skewsMs].map(([name, ms]) => [[name], ms / 1_000] as const),
    },
    {
      name: "holon_mesh_unknown_frames",
      help: "Frames, since the start, of kinds that this version does not know. If there are any, a process on the mesh is newer.",
      labels: ["side"],
      values: () => [
        [["callee"], mesh?.stats().unknownFrames ?? 0],
        [["caller"], [...new Set(peers.values())].reduce((sum, peer) => sum + peer.stats().unknownFrames, 0)],
      ],
    },
  ];
}

/** How long a count is used again. One scrape reads many gauges, and they share the count. */
const FRESH_MS = 1_000;

/** The greatest number of names of unknown jobs that are shown. It is limited because the names come from rows and may be any text. */
const UNKNOWN_COUNT = 20;

/** The state that the gauges of background work are read from. */
export interface WorkGaugeSources {
  readonly admins: readonly WorkAdmin[];
  readonly retentions: readonly Pick<ContextRetention, "context" | "lags">[];
  /** The workflows that this process runs, by context: its bodies as `<name>@<version>`, and the runs whose body hangs. */
  readonly workflows: readonly { readonly context: string; readonly bodies: readonly string[]; readonly hanging: () => readonly HangingRun[] }[];
  /** The names of the jobs that this process has handlers for, by context, whether one runs now or not. */
  readonly jobs: readonly { readonly context: string; readonly names: readonly string[] }[];
  readonly backend: QueueBackend | undefined;
  /** Queues that this process takes work from. */
  readonly queues: readonly string[];
  readonly monotonicMs: () => number;
}

/** Every process of a context reads the same tables. */
const SAME = "Each process of the context reports the same number: take the max by context, not the sum.";
const BOUNDED = `Counted up to ${COUNTED_MOST}. ${SAME}`;

/** Numbers of background work that waits, by context and by queue. A context or queue that cannot be read is left out, as if it did not exist. */
export function workGauges({ admins, retentions, workflows, jobs, backend, queues, monotonicMs }: WorkGaugeSources): readonly GaugeReader[] {
  const counts = sharedFor(FRESH_MS, monotonicMs, () => answersOf(admins.map(async (admin) => [[admin.context], await admin.counts()] as const)));
  const gauge = (name: string, help: string, read: (counts: WorkCounts) => number): GaugeReader => ({
    ...{ name, help },
    labels: ["context"],
    values: async () => (await counts()).map(([labels, found]) => [labels, read(found)] as const),
  });
  return [
    gauge("holon_outbox_rows", `Rows of the outbox that are not settled. ${BOUNDED}`, ({ outboxCount }) => outboxCount),
    gauge("holon_outbox_lag_seconds", `Age of the first row of the outbox that is not settled. ${SAME}`, ({ outboxLagMs }) => outboxLagMs / 1_000),
    gauge("holon_events_held", `Events that wait for an earlier one of their key, or for the next attempt. ${BOUNDED}`, ({ heldCount }) => heldCount),
    gauge("holon_events_parked", `Events that failed too often, or do not fit the contract. ${BOUNDED}`, ({ parkedCount }) => parkedCount),
    gauge("holon_jobs_waiting", `Jobs that wait for a run. ${BOUNDED}`, ({ jobs }) => jobs.waiting),
    gauge("holon_jobs_running", `Jobs that run now, in any process. ${BOUNDED}`, ({ jobs }) => jobs.running),
    gauge("holon_jobs_failed", `Jobs that failed for good and are kept. ${BOUNDED}`, ({ jobs }) => jobs.failed),
    gauge("holon_jobs_oldest_due_seconds", `How long the oldest job that is due has waited. ${SAME}`, ({ jobs }) => jobs.oldestDueMs / 1_000),
    gauge("holon_workflows_stuck", `Runs of workflows that do not go on until they are resumed. ${BOUNDED}`, ({ stuckCount }) => stuckCount),
    {
      name: "holon_workflows_left",
      help: `Open runs of a version of a workflow that this version of the app has no body for, among the ${COUNTED_MOST} that are due first; 0 for each version that this process runs. Take the min by context and workflow: if it is above 0, no process has the body.`,
      labels: ["context", "workflow"],
      values: async () => [
        ...(await answersOf(admins.map(leftRunValues))).flat(),
        ...workflows.flatMap(({ context, bodies }) => bodies.map((name) => [[context, name], 0] as const)),
      ],
    },
    {
      name: "holon_workflows_hanging",
      help: "Runs at work in this process whose body has waited for over a minute for a promise that is not a step. Each takes up one of the places for runs. Take the sum by context.",
      labels: ["context"],
      values: () => workflows.map(({ context, hanging }) => [[context], hanging().length] as const),
    },
    {
      name: "holon_retention_lag_seconds",
      help: "How long ago the oldest row of a table should have been removed. Each process of the context reports the same number: take the max by context and table.",
      labels: ["context", "table"],
      values: async () => (await answersOf(retentions.map(lagValues))).flat(),
    },
    {
      name: "holon_jobs_unknown",
      help: "Jobs that are due and that this version of the app does not have; 0 for each job that this process runs. Take the min by context and job: if it is above 0, no process has the job.",
      labels: ["context", "job"],
      values: async () => [
        ...(await answersOf(admins.map(unknownValues))).flat(),
        ...jobs.flatMap(({ context, names }) => names.map((name) => [[context, name], 0] as const)),
      ],
    },
    {
      name: "holon_queue_jobs",
      help: "Jobs on a queue, by state. Each process that takes work from the queue reports the same number: take the max by queue and state, not the sum.",
      labels: ["queue", "state"],
      values: () => (backend === undefined ? [] : queueValues(backend, queues)),
    },
  ];
}

async function leftRunValues({ context, leftRuns }: WorkAdmin): Promise<(readonly [string[], number])[]> {
  return (await leftRuns()).map(({ workflow, version, openCount }) => [[context, `${workflow}@${version}`], openCount] as const);
}

async function lagValues({ context, lags }: WorkGaugeSources["retentions"][number]): Promise<(readonly [string[], number])[]> {
  return (await lags()).map(({ table, lagMs }) => [[context, table], lagMs / 1_000] as const);
}

async function unknownValues(admin: WorkAdmin): Promise<readonly (readonly [string[], number])[]> {
  return (await admin.unknownJobs(UNKNOWN_COUNT)).map(({ name, count }) => [[admin.context, name], count] as const);
}

async function queueValues(backend: QueueBackend, queues: readonly string[]): Promise<GaugeValues> {
  const depths = await answersOf(queues.map(async (queue) => [queue, await backend.depth(queue)] as const));
  return depths.flatMap(([queue, depth]) => Object.entries(depth).map(([state, count]) => [[queue, state], count] as const));
}

async function answersOf<Answer>(asked: readonly Promise<Answer>[]): Promise<readonly Answer[]> {
  const outcomes = await Promise.allSettled(asked);
  return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
}

function sharedFor<Value>(ms: number, monotonicMs: () => number, ask: () => Promise<Value>): () => Promise<Value> {
  let asked: { readonly atMs: number; readonly answer: Promise<Value> } | undefined;
  return () => {
    const nowMs = monotonicMs();
    if (asked === undefined || nowMs - asked.atMs > ms) asked = { atMs: nowMs, answer: ask() };
    return asked.answer;
  };
}
