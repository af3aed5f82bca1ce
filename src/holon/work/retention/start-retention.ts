import { type SQL, sql } from "../../data/index.ts";
import type { Closable, Limits } from "../../kernel/index.ts";
import type { CountRemoved } from "../../observe/index.ts";
import { type Retention, Sweeper } from "../engine/sweeper.ts";
import type { TaskDeps } from "../engine/task.ts";
import { type WorkData, WorkDatabase } from "../engine/work-database.ts";
import { AgedRows } from "./aged-rows.ts";
import { OrderCounters } from "./order-counters.ts";

/** Between two looks for rows that are over. */
const LOOK_MS = 60_000;

/** Added to the time after which no inbox knows an event of a key any more. */
export const ORDER_MARGIN_MS = 86_400_000;

/** How long what is kept for a time is kept. */
export type KeptTimes = Pick<Limits, "outboxKeptMs" | "inboxKeptMs" | "doneJobsKeptMs" | "failedJobsKeptMs" | "runsKeptMs" | "awaitedEventsKeptMs">;

/** A retention that knows how far it is behind. */
export interface WatchedRetention extends Retention {
  /** For how long the oldest row should be gone: an expression in milliseconds that costs one look into an index. */
  lag(): SQL;
}

/** How far the removal from one table is behind. */
export interface RetentionLag {
  readonly table: string;
  /** For how long the oldest row should be gone; 0 if none is. */
  readonly lagMs: number;
}

/** What {@link startRetention} needs. */
export interface RetentionOptions {
  readonly data: Pick<WorkData, "transaction" | "statement" | "context">;
  readonly times: KeptTimes;
  /**
   * Whether this process does the background work of the context. If not, it removes idempotency keys only: processes that answer calls make them, and an app
   * may have no others.
   */
  readonly works: boolean;
  readonly deps: Omit<TaskDeps, "task"> & { readonly clock: ConstructorParameters<typeof WorkDatabase>[1] };
  readonly removed?: CountRemoved;
  readonly everyMs?: number;
}

/** The removal of what is old from the tables of one context, in one process. */
export interface ContextRetention extends Closable {
  readonly context: string;
  /** How far it is behind, by table. Errors: UNAVAILABLE - the context's database cannot be reached. */
  lags(): Promise<readonly RetentionLag[]>;
  /** Looks now. */
  wake(): void;
  /** Stops after the batch that runs. */
  close(): Promise<void>;
}

/** What is kept for a time in the tables of a context, see "What is kept, and how long" in docs/limits.md. */
export function contextRetentions(database: WorkDatabase<RetentionOptions["data"]>, times: KeptTimes): readonly WatchedRetention[] {
  const noting = sql`insert into ${database.table("holon_removed")} as r (name, position)
    select name, max(position) from gone where kind = 'event' group by name order by name
    on conflict (name) do update set position = greatest(r.position, excluded.position)`;
  const aged = (table: string, column: string, keptMs: number, which?: SQL): AgedRows =>
    new AgedRows(database, { table, column, keptMs, ...(which === undefined ? {} : { which }) });
  return [
    // Their deliveries go with them. A watcher that resumes before what was removed has missed some.
    new AgedRows(database, {
      ...{ table: "holon_outbox", column: "settled_at", keptMs: times.outboxKeptMs },
      ...{ goneColumns: sql`kind, name, position`, noting },
    }),
    aged("holon_inbox", "settled_at", times.inboxKeptMs),
    aged("holon_jobs", "settled_at", times.doneJobsKeptMs, sql`state = 'done'`),
    aged("holon_jobs", "settled_at", times.failedJobsKeptMs, sql`state = 'failed'`),
    // Their steps go with them. One that is stuck has no end, and stays.
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

/** Starts to remove what is old from the tables of one context. Any number of processes may do so at once. */
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
