import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { Removal, Retention } from "../engine/sweeper.ts";
import { interval, type WorkDatabase } from "../engine/work-database.ts";

/** Rows of one table that are removed some time after something happened to them. */
interface AgedRowsOptions {
  readonly table: string;
  /** The column with that moment. A row is kept if it is null or in the future. The column has an index, with `which` as its condition. */
  readonly column: string;
  readonly keptMs: number;
  /** Which rows of the table; default: all. */
  readonly which?: SQL;
  /** More to do in the statement that removes rows: a data-modifying query over `gone`, whose columns `goneColumns` names. */
  readonly noting?: SQL;
  readonly goneColumns?: SQL;
}

/** The part of a {@link WorkDatabase} that the removal of rows uses. */
type SweptDatabase = Pick<WorkDatabase, "table" | "rows">;

/**
 * Removes the rows of a table by their age, the oldest first.
 *
 * I1. Rows are found by an index on their age, and removed by their place (`ctid`): a batch costs the same, however many rows the table has.
 * I2. Each batch begins where the previous one ended. Otherwise each would read the entries of all removed rows again, which stay in the index as long as any
 *     transaction of the server is older than the removal.
 * I3. Locked rows are skipped until the next look.
 */
export class AgedRows implements Retention {
  readonly table: string;
  readonly #database: SweptDatabase;
  readonly #options: AgedRowsOptions;
  /** I2. The age that the batches of this look have reached. */
  #upTo: string | null = null;

  constructor(database: SweptDatabase, options: AgedRowsOptions) {
    this.table = options.table;
    this.#database = database;
    this.#options = options;
  }

  readonly remove = async (count: number): Promise<Removal> => {
    const { table, noting, goneColumns = sql`1` } = this.#options;
    const [column, rows] = [sql.identifier(this.#options.column), this.#database.table(table)];
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
    const column = sql.identifier(this.#options.column);
    return lagOf(
      sql`select ${column} from ${this.#database.table(this.table)} where ${this.#isOld()} order by ${column} limit 1`,
      this.#options.keptMs,
    );
  }

  #isOld(): SQL {
    const { column, keptMs, which } = this.#options;
    return sql`${which === undefined ? sql`` : sql`${which} and `}${sql.identifier(column)} < now() - ${interval(keptMs)}`;
  }
}

/** How long ago the time ended that a moment was to be kept for, in milliseconds. */
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
 * I1. A counter is removed only if no event took a number from it for the whole time. The mark contains the number at its moment, so this is seen whichever
 *     version took a number: earlier versions write neither the number nor the moment of a mark.
 * I2. A counter is removed only if no event of its key is in the outbox: an event that is not acknowledged, or is kept for watchers, keeps its counter.
 * I3. A counter is removed only if the counter that replaces it would begin after it, see OutboxStatements: no number is given twice.
 * I4. A transaction that takes a number right now has locked the counter, which is skipped then. A later transaction waits, and begins a new counter.
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

  /** How long ago the counter that was checked longest ago should have been checked again, in milliseconds. */
  lag(): SQL {
    const counters = this.#database.table(this.table);
    return lagOf(
      sql`select idle_since from ${counters} where idle_since < now() - ${interval(this.#keptMs)} order by idle_since limit 1`,
      this.#keptMs,
    );
  }
}
