import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { CountRemoved } from "../../observe/work-metrics.ts";
import { type Removal, type Retention, Sweeper } from "../engine/sweeper.ts";
import type { TaskDeps } from "../engine/task.ts";
import { interval, type WorkData, WorkDatabase } from "../engine/work-database.ts";

/** Time between two looks for rows to remove. */
const LOOK_MS = 60_000;

/** This margin is added to the time after which no inbox has an event of a key any more. */
export const ORDER_MARGIN_MS = 86_400_000;

/** The times for which rows are kept. */
type KeptTimes = Pick<Limits, "outboxKeptMs" | "inboxKeptMs" | "doneJobsKeptMs" | "failedJobsKeptMs" | "runsKeptMs" | "awaitedEventsKeptMs">;

/** A retention with an expression that says how far it is behind. */
interface WatchedRetention extends Retention {
  /** An SQL expression: how long ago the oldest row should have been removed, in milliseconds. It costs one look into an index. */
  lag(): SQL;
}

/** How far the removal from one table is behind. */
interface RetentionLag {
  readonly table: string;
  /** How long ago the oldest row should have been removed; 0 if none is due. */
  readonly lagMs: number;
}

interface RetentionDeps extends TaskDeps {
  readonly data: Pick<WorkData, "transaction" | "statement" | "context">;
  readonly times: KeptTimes;
  /**
   * Whether this process does the background work of the context. If not, it removes only idempotency keys: processes that answer calls make these keys, and an
   * app may have no processes of another kind.
   */
  readonly works: boolean;
  readonly removed?: CountRemoved;
  readonly everyMs?: number;
}

/** The removal of old rows from the tables of one context, in one process. */
export interface ContextRetention extends Closable {
  readonly context: string;
  /** How far the removal is behind, by table. Errors: UNAVAILABLE - the context's database cannot be reached. */
  lags(): Promise<readonly RetentionLag[]>;
  /** Starts a look now. */
  wake(): void;
  /** Stops after the batch that runs. */
  close(): Promise<void>;
}

/** The retentions of all tables of a context, see "What is kept, and how long" in docs/limits.md. */
export function contextRetentions(database: WorkDatabase<RetentionDeps["data"]>, times: KeptTimes): readonly WatchedRetention[] {
  const noting = sql`insert into ${database.table("holon_removed")} as r (name, position)
    select name, max(position) from gone where kind = 'event' group by name order by name
    on conflict (name) do update set position = greatest(r.position, excluded.position)`;
  const aged = (table: string, column: string, keptMs: number, which?: SQL): AgedRows =>
    new AgedRows(database, { table, column, keptMs, ...(which === undefined ? {} : { which }) });
  return [
    // The deliveries of an event are removed with it, by the foreign key. The position of the last removed event is kept: a watcher that resumes from an
    // earlier position has missed an event.
    new AgedRows(database, {
      ...{ table: "holon_outbox", column: "settled_at", keptMs: times.outboxKeptMs },
      ...{ goneColumns: sql`kind, name, position`, noting },
    }),
    aged("holon_inbox", "settled_at", times.inboxKeptMs),
    aged("holon_jobs", "settled_at", times.doneJobsKeptMs, sql`state = 'done'`),
    aged("holon_jobs", "settled_at", times.failedJobsKeptMs, sql`state = 'failed'`),
    // The steps of a run are removed with it. A stuck run has not ended, and stays.
    new AgedRows(database, {
      ...{ table: "holon_runs", column: "settled_at", keptMs: times.runsKeptMs },
      ...{ goneColumns: sql`id`, noting: sql`delete from ${database.table("holon_steps")} where run_id in (select id from gone)` },
    }),
    aged("holon_awaited_events", "received_at", times.awaitedEventsKeptMs),
    keysRetention(database),
    new OrderCounters(database, times.outboxKeptMs + times.inboxKeptMs + ORDER_MARGIN_MS),
  ];
}

function keysRetention(database: WorkDatabase<RetentionDeps["data"]>): WatchedRetention {
  return new AgedRows(database, { table: "holon_keys", column: "expires_at", keptMs: 0 });
}

/** Starts to remove old rows from the tables of one context. Any number of processes may do so at once. */
export function startRetention({ data, times, works, removed, everyMs = LOOK_MS, ...deps }: RetentionDeps): ContextRetention {
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

/** How the rows of one table grow old: they are removed some time after something happened to them. */
interface Aging {
  readonly table: string;
  /** The column with the moment when that happened. A row is kept while this is null or in the future. An index on the column has `which` as its condition. */
  readonly column: string;
  readonly keptMs: number;
  /** The condition for the rows that are removed; default: all rows. */
  readonly which?: SQL;
  /** A further part of the statement that removes rows: a data-modifying query over these rows, named `gone`, whose columns `goneColumns` names. */
  readonly noting?: SQL;
  readonly goneColumns?: SQL;
}

/** The part of a {@link WorkDatabase} that the removal of rows uses. */
type SweptDatabase = Pick<WorkDatabase, "table" | "rows">;

/**
 * Removes the rows of a table by their age, the oldest first.
 *
 * I1. Rows are found by an index on their age, and removed by their place (`ctid`): a batch costs the same, however many rows the table has.
 * I2. Each batch begins where the previous one ended. Otherwise each batch would read the entries of all removed rows again: these entries stay in the index as
 *     long as any transaction of the server is older than the removal.
 * I3. Locked rows are skipped until the next look.
 */
class AgedRows implements Retention {
  readonly table: string;
  readonly #database: SweptDatabase;
  readonly #aging: Aging;
  /** I2. The age that the batches of this look have reached. */
  #upTo: string | null = null;

  constructor(database: SweptDatabase, aging: Aging) {
    this.table = aging.table;
    this.#database = database;
    this.#aging = aging;
  }

  readonly remove = async (count: number): Promise<Removal> => {
    const { table, noting, goneColumns = sql`1` } = this.#aging;
    const [column, rows] = [sql.identifier(this.#aging.column), this.#database.table(table)];
    const beyond = this.#upTo === null ? sql`` : sql` and ${column} >= ${this.#upTo}::timestamptz`;
    const [found] = await this.#database.rows<{ seen: number; removed: number; upTo: string | null }>(
      `remove old rows of ${table}`,
      sql`with old as (
          select ctid, ${column} as age from ${rows} where ${this.#isOld()}${beyond} order by ${column} limit ${count} for update skip locked
        ), gone as (
          delete from ${rows} where ctid = any(array(select ctid from old)) returning ${goneColumns}
        )${noting === undefined ? sql`` : sql`, noted as (${noting})`}
        select (select count(*)::int from old) as seen, (select max(age)::text from old) as "upTo", (select count(*)::int from gone) as removed`,
    );
    const isFull = found?.seen === count;
    this.#upTo = isFull ? found.upTo : null;
    return { removedCount: found?.removed ?? 0, isFull };
  };

  /** How long ago the oldest remaining row should have been removed, in milliseconds; 0 if none is due. */
  lag(): SQL {
    const column = sql.identifier(this.#aging.column);
    return lagOf(
      sql`select ${column} from ${this.#database.table(this.table)} where ${this.#isOld()} order by ${column} limit 1`,
      this.#aging.keptMs,
    );
  }

  #isOld(): SQL {
    const { column, keptMs, which } = this.#aging;
    return sql`${which === undefined ? sql`` : sql`${which} and `}${sql.identifier(column)} < now() - ${interval(keptMs)}`;
  }
}

/** How long ago the row with the moment `oldest`, which is kept for `keptMs`, should have been removed, in milliseconds; 0 without such a row. */
function lagOf(oldest: SQL, keptMs: number): SQL {
  return sql`coalesce((select extract(epoch from now() - o.at) * 1000 - ${keptMs}::double precision from (${oldest}) as o (at)), 0)::double precision`;
}

/**
 * Removes the counters of keys that have no events any more, so that `holon_order` does not grow for ever.
 *
 *     in use  --a check notes the number and the time-------------->  marked
 *     marked  --a later check finds another number, or an event---->  marked again, with the number and the time of that check
 *     marked  --a check after the time finds the same, no event---->  removed
 *
 * I1. A counter is removed only if no event took a number from it for the whole time. The mark contains the number that the counter had at that moment. So a
 *     check sees that a number was taken, whichever version took it: earlier versions write neither the number nor the moment of a mark.
 * I2. A counter is removed only if no event of its key is in the outbox: an event that is not acknowledged, or is kept for watchers, keeps its counter.
 * I3. A counter is removed only if the counter that replaces it would begin after its last number, see OutboxStatements. So no number is given twice.
 * I4. A transaction that takes a number at this moment has locked the counter, so the counter is skipped. A transaction that comes after the removal has begun
 *     waits, and begins a new counter.
 */
export class OrderCounters implements Retention {
  readonly table = "holon_order";
  readonly #database: SweptDatabase;
  readonly #keptMs: number;

  constructor(database: SweptDatabase, keptMs: number) {
    this.#database = database;
    this.#keptMs = keptMs;
  }

  readonly remove = async (count: number): Promise<Removal> => {
    const [counters, outbox, removed] = ["holon_order", "holon_outbox", "holon_removed"].map((name) => this.#database.table(name));
    const [found] = await this.#database.rows<{ seen: number; removed: number }>(
      "remove counters of keys without events",
      sql`with seen as (
          select name, ordered_key, last_number, idle_number from ${counters}
          where idle_since < now() - ${interval(this.#keptMs)} order by idle_since limit ${count} for update skip locked
        ), judged as (
          select name, ordered_key, idle_number = last_number
            and not exists (select 1 from ${outbox} o where o.name = s.name and o.ordered_key = s.ordered_key)
            and last_number <= (select position from ${removed} r where r.name = s.name) as is_over
          from seen s
        ), gone as (
          delete from ${counters} c using judged j where j.is_over and c.name = j.name and c.ordered_key = j.ordered_key returning 1
        ), marked as (
          update ${counters} c set idle_since = now(), idle_number = c.last_number from judged j
          where j.is_over is not true and c.name = j.name and c.ordered_key = j.ordered_key
        )
        select (select count(*)::int from seen) as seen, (select count(*)::int from gone) as removed`,
    );
    return { removedCount: found?.removed ?? 0, isFull: found?.seen === count };
  };

  /** How long ago the counter whose last check is the oldest should have been checked again, in milliseconds. */
  lag(): SQL {
    const counters = this.#database.table(this.table);
    return lagOf(
      sql`select idle_since from ${counters} where idle_since < now() - ${interval(this.#keptMs)} order by idle_since limit 1`,
      this.#keptMs,
    );
  }
}
