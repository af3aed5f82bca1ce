import type { Sql } from "postgres";
import { DEFAULT_LIMITS } from "../../../src/holon/kernel/limits.ts";

/** How long rows of one kind are kept after the time in one of their columns. */
interface Kept {
  readonly table: string;
  readonly since: string;
  readonly keptMs: number;
  readonly which?: string;
}

const KEPT: readonly Kept[] = [
  { table: "holon_outbox", since: "settled_at", keptMs: DEFAULT_LIMITS.outboxKeptMs },
  { table: "holon_inbox", since: "settled_at", keptMs: DEFAULT_LIMITS.inboxKeptMs },
  { table: "holon_jobs", since: "settled_at", keptMs: DEFAULT_LIMITS.doneJobsKeptMs, which: "state = 'done'" },
  { table: "holon_jobs", since: "settled_at", keptMs: DEFAULT_LIMITS.failedJobsKeptMs, which: "state = 'failed'" },
  { table: "holon_keys", since: "expires_at", keptMs: 0 },
  { table: "holon_runs", since: "settled_at", keptMs: DEFAULT_LIMITS.runsKeptMs },
  { table: "holon_awaited_events", since: "received_at", keptMs: DEFAULT_LIMITS.awaitedEventsKeptMs },
];

/** How long the old version keeps runs. While it runs beside this version, it also removes runs. */
const RUNS_KEPT_BEFORE_MS = 14 * 86_400_000;

/** The clock stops at least once an hour, and retention runs then. */
const MARGIN_MS = 2 * 3_600_000;

/** The tables with rows that are older than their retention, each with the number of such rows. */
export async function rowsKeptTooLong(sql: Sql, contexts: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const counts = contexts.flatMap((context) =>
    KEPT.map(
      ({ table, since, keptMs, which = "true" }) => `select '${context}.${table}' as name, count(*)::int as n from ${context}.${table}
        where ${which} and ${since} < now() - ${keptMs + MARGIN_MS} * interval '1 millisecond'`,
    ),
  );
  const orphans = contexts.flatMap((context) => [
    `select '${context}.holon_steps', count(*)::int from ${context}.holon_steps s where not exists (select 1 from ${context}.holon_runs r where r.id = s.run_id)`,
    `select '${context}.holon_deliveries', count(*)::int from ${context}.holon_deliveries d where not exists (select 1 from ${context}.holon_outbox o where o.position = d.position)`,
  ]);
  const rows = await sql.unsafe([...counts, ...orphans].join(" union all "));
  return Object.fromEntries(rows.filter(({ n }) => n > 0).map(({ name, n }) => [name, n]));
}

/** For the tables with the longest retention: how many confirmed orders they still know, of the orders that were placed within the retention. */
export async function ordersKnown(sql: Sql): Promise<Readonly<Record<string, { readonly known: number; readonly withinMs: number }>>> {
  const within = { outbox: DEFAULT_LIMITS.outboxKeptMs, inbox: DEFAULT_LIMITS.inboxKeptMs, runs: RUNS_KEPT_BEFORE_MS };
  const since = (ms: number) => `now() - ${ms - MARGIN_MS} * interval '1 millisecond'`;
  const [row] = await sql.unsafe(`select
    (select count(*)::int from orders.holon_outbox where name = 'orderConfirmed' and created_at > ${since(within.outbox)}) as outbox,
    (select count(*)::int from notifications.holon_inbox where name = 'orderConfirmed' and received_at > ${since(within.inbox)}) as inbox,
    (select count(*)::int from orders.holon_runs where workflow = 'placeOrder' and created_at > ${since(within.runs)}) as runs`);
  return Object.fromEntries(
    Object.entries(within).map(([name, ms]) => [name, { known: (row as Record<string, number>)[name] as number, withinMs: ms - MARGIN_MS }]),
  );
}
