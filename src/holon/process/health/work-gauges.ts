import type { GaugeReader, GaugeValues } from "../../observe/index.ts";
import type { WorkConsole, WorkCounts } from "../../work/index.ts";
import type { QueueBackend } from "../../work/queue/index.ts";

/** How long what was counted is told again: one scrape reads many gauges. */
const FRESH_MS = 1_000;

/** What the gauges of work are read from. */
export interface WorkGaugeParts {
  readonly consoles: readonly WorkConsole[];
  readonly backend: QueueBackend | undefined;
  /** Queues that this process works. */
  readonly queues: readonly string[];
  readonly monotonicMs: () => number;
}

/** Numbers of what waits, by context and by queue. A context or queue that cannot be asked is left out, as one that is gone. */
export function workGauges({ consoles, backend, queues, monotonicMs }: WorkGaugeParts): readonly GaugeReader[] {
  const counts = sharedFor(FRESH_MS, monotonicMs, () =>
    answersOf(consoles.map(async (console) => [[console.context], await console.counts()] as const)),
  );
  const gauge = (name: string, help: string, read: (counts: WorkCounts) => number): GaugeReader => ({
    ...{ name, help },
    labels: ["context"],
    values: async () => (await counts()).map(([labels, found]) => [labels, read(found)] as const),
  });
  return [
    gauge("holon_outbox_rows", "Rows of the outbox that are not settled.", ({ outboxCount }) => outboxCount),
    gauge("holon_outbox_lag_seconds", "Age of the oldest row of the outbox that is not settled.", ({ outboxLagMs }) => outboxLagMs / 1_000),
    gauge("holon_events_held", "Events that wait for an earlier one of their key, or for the next attempt.", ({ heldCount }) => heldCount),
    gauge("holon_events_parked", "Events that failed too often, or do not fit the contract.", ({ parkedCount }) => parkedCount),
    gauge("holon_jobs_waiting", "Jobs that wait for a run.", ({ jobs }) => jobs.waiting),
    gauge("holon_jobs_running", "Jobs that run now, wherever.", ({ jobs }) => jobs.running),
    gauge("holon_jobs_failed", "Jobs that failed for good and are kept.", ({ jobs }) => jobs.failed),
    gauge("holon_jobs_oldest_due_seconds", "How long the oldest job that is due has waited.", ({ jobs }) => jobs.oldestDueMs / 1_000),
    gauge("holon_workflows_stuck", "Runs of workflows that need somebody to look.", ({ stuckCount }) => stuckCount),
    {
      name: "holon_queue_jobs",
      help: "Jobs on a queue, by state.",
      labels: ["queue", "state"],
      values: () => (backend === undefined ? [] : queueValues(backend, queues)),
    },
  ];
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
