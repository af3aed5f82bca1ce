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
export type SweptDatabase = Pick<WorkDatabase, "table" | "rows">;

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
export function lagOf(oldest: SQL, keptMs: number): SQL {
  return sql`coalesce((select extract(epoch from now() - o.at) * 1000 - ${keptMs}::double precision from (${oldest}) as o (at)), 0)::double precision`;
}
