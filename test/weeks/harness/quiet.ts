import type { Sql } from "postgres";

/** What work is due or running, and when the next work is due. */
export interface Look {
  /** The amount of work, by kind; empty if none is due or running. */
  readonly busy: Readonly<Record<string, number>>;
  /** Undefined if no work has a due time. */
  readonly nextMs: number | undefined;
}

/** The contexts to look at. */
export interface LookOptions {
  readonly contexts: readonly string[];
  /** A context that no process hosts now: work that waits for it is not counted. */
  readonly absent?: string | undefined;
}

/** This schedule fires each minute and finds nothing to do, so the clock does not stop for it. After a jump it fires once for all missed ticks. */
const OVERLOOKED_SCHEDULE = "heldStock";

/** Looks at all waiting work in the tables of the contexts. */
export async function lookAround(sql: Sql, { contexts, absent }: LookOptions): Promise<Look> {
  const present = contexts.filter((context) => context !== absent);
  const counts = [
    ...contexts.map(
      (context) => `select '${context} outbox' as what, count(*)::int as n from ${context}.holon_outbox o where ${isOpen(context, absent)}`,
    ),
    ...present.flatMap((context) => [
      `select '${context} jobs', count(*)::int from ${context}.holon_jobs where state = 'running' or (state = 'waiting' and due_at <= now())`,
      `select '${context} runs', count(*)::int from ${context}.holon_runs where leased_by is not null or wake_at <= now()`,
      `select '${context} inbox', count(*)::int from ${context}.holon_inbox where state = 'held' and retry_at <= now()`,
      `select '${context} schedules', count(*)::int from ${context}.holon_schedules where next_at <= now()`,
    ]),
  ];
  const moments = present.flatMap((context) => [
    `select min(due_at) as at from ${context}.holon_jobs where state = 'waiting' and due_at > now()`,
    `select min(wake_at) from ${context}.holon_runs where wake_at > now()`,
    `select min(retry_at) from ${context}.holon_inbox where state = 'held' and retry_at > now()`,
    `select min(next_at) from ${context}.holon_schedules where next_at > now() and name <> '${OVERLOOKED_SCHEDULE}'`,
  ]);
  const rows = await sql.unsafe(counts.join(" union all "));
  const [next] = await sql.unsafe(`select extract(epoch from min(at))::double precision * 1000 as ms from (${moments.join(" union all ")}) m`);
  const busy = Object.fromEntries(rows.filter(({ n }) => n > 0).map(({ what, n }) => [what, n]));
  return { busy, nextMs: next?.["ms"] ?? undefined };
}

/** The SQL condition of an outbox row that waits for another subscriber than the absent one. */
function isOpen(context: string, absent: string | undefined): string {
  if (absent === undefined) return "settled_at is null";
  const awaited = `select 1 from ${context}.holon_deliveries d where d.position = o.position and d.acknowledged_at is null and d.subscriber`;
  return context === absent ? "false" : `settled_at is null and (exists (${awaited} <> '${absent}') or not exists (${awaited} = '${absent}'))`;
}
