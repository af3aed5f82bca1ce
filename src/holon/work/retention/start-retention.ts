import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { CountRemoved } from "../../observe/work-metrics.ts";
import { type Retention, Sweeper } from "../engine/sweeper.ts";
import type { TaskDeps } from "../engine/task.ts";
import { type WorkData, WorkDatabase } from "../engine/work-database.ts";
import { AgedRows, OrderCounters } from "./aged-rows.ts";

/** Time between two looks for rows to remove. */
const LOOK_MS = 60_000;

/** Added to the time after which no inbox knows an event of a key any more. */
export const ORDER_MARGIN_MS = 86_400_000;

/** The times for which rows are kept. */
type KeptTimes = Pick<Limits, "outboxKeptMs" | "inboxKeptMs" | "doneJobsKeptMs" | "failedJobsKeptMs" | "runsKeptMs" | "awaitedEventsKeptMs">;

/** A retention that knows how far it is behind. */
interface WatchedRetention extends Retention {
  /** How long ago the oldest row should have been removed: an expression in milliseconds, which costs one look into an index. */
  lag(): SQL;
}

/** How far the removal from one table is behind. */
interface RetentionLag {
  readonly table: string;
  /** How long ago the oldest row should have been removed; 0 if none is due. */
  readonly lagMs: number;
}

interface RetentionOptions {
  readonly data: Pick<WorkData, "transaction" | "statement" | "context">;
  readonly times: KeptTimes;
  /**
   * Whether this process does the background work of the context. If not, it removes only idempotency keys: processes that answer calls make these, and an app
   * may have no other processes.
   */
  readonly works: boolean;
  readonly deps: Omit<TaskDeps, "task"> & { readonly clock: ConstructorParameters<typeof WorkDatabase>[1] };
  readonly removed?: CountRemoved;
  readonly everyMs?: number;
}

/** The removal of old rows from the tables of one context, in one process. */
export interface ContextRetention extends Closable {
  readonly context: string;
  /** How far the removal is behind, by table. Errors: UNAVAILABLE - the context's database cannot be reached. */
  lags(): Promise<readonly RetentionLag[]>;
  /** Looks now. */
  wake(): void;
  /** Stops after the batch that runs. */
  close(): Promise<void>;
}

/** The retentions of all tables of a context, see "What is kept, and how long" in docs/limits.md. */
export function contextRetentions(database: WorkDatabase<RetentionOptions["data"]>, times: KeptTimes): readonly WatchedRetention[] {
  const noting = sql`insert into ${database.table("holon_removed")} as r (name, position)
    select name, max(position) from gone where kind = 'event' group by name order by name
    on conflict (name) do update set position = greatest(r.position, excluded.position)`;
  const aged = (table: string, column: string, keptMs: number, which?: SQL): AgedRows =>
    new AgedRows(database, { table, column, keptMs, ...(which === undefined ? {} : { which }) });
  return [
    // Their deliveries are removed with them, by the foreign key. A watcher that resumes before a removed event has missed it.
    new AgedRows(database, {
      ...{ table: "holon_outbox", column: "settled_at", keptMs: times.outboxKeptMs },
      ...{ goneColumns: sql`kind, name, position`, noting },
    }),
    aged("holon_inbox", "settled_at", times.inboxKeptMs),
    aged("holon_jobs", "settled_at", times.doneJobsKeptMs, sql`state = 'done'`),
    aged("holon_jobs", "settled_at", times.failedJobsKeptMs, sql`state = 'failed'`),
    // Their steps are removed with them. A stuck run has not ended, and stays.
    new AgedRows(database, {
      ...{ table: "holon_runs", column: "settled_at", keptMs: times.runsKeptMs },
      ...{ goneColumns: sql`id`, noting: sql`delete from ${database.table("holon_steps")} where run_id in (select id from gone)` },
    }),
    aged("holon_awaited_events", "received_at", times.awaitedEventsKeptMs),
    keysRetention(database),
    new OrderCounters(database, times.outboxKeptMs + times.inboxKeptMs + ORDER_MARGIN_MS),
  ];
}

function keysRetention(database: WorkDatabase<RetentionOptions["data"]>): WatchedRetention {
  return new AgedRows(database, { table: "holon_keys", column: "expires_at", keptMs: 0 });
}

/** Starts to remove old rows from the tables of one context. Any number of processes may do so at once. */
export function startRetention({ data, times, works, deps, removed, everyMs = LOOK_MS }: RetentionOptions): ContextRetention {
  const database = new WorkDatabase(data, deps.clock);
  const { context } = data;
  const retentions = works ? contextRetentions(database, times) : [keysRetention(database)];
  const onRemoved = removed === undefined ? {} : { onRemoved: (table: string, count: number) => removed(context, table, count) };
  const sweeper = new Sweeper({ ...deps, task: "retention", everyMs, retentions, ...onRemoved });
  return {
    context,
    wake: () => sweeper.wake(),
    close: () => sweeper.close(),
    async lags() {
      const each = retentions.map((retention) => sql`select ${retention.table} as name, ${retention.lag()} as lag`);
      return database.rows<RetentionLag>(
        "read how far retention is behind",
        sql`select name as table, max(lag) as "lagMs" from (${sql.join(each, sql` union all `)}) l group by name`,
      );
    },
  };
}
