import type { Sql } from "postgres";

/** The toolkit's own tables, which change without a call. */
const OWN = "holon\\_%";

/** Tables of the toolkit to which only calls write. Its other tables also change by schedules, at any time. */
const CALLS = ["holon_keys", "holon_runs"];

/** Counts the rows that the contexts have stored, including queued work. */
export class StoredRows {
  readonly #sql: Sql;
  readonly #query: string;
  #last: Readonly<Record<string, number>> = {};

  private constructor(sql: Sql, query: string) {
    this.#sql = sql;
    this.#query = query;
  }

  static async of(sql: Sql, schemas: readonly string[]): Promise<StoredRows> {
    const tables = await sql<{ name: string }[]>`
      select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname in ${sql([...schemas])} and (tablename not like ${OWN} or tablename in ${sql(CALLS)})
      order by 1`;
    const rows = new StoredRows(sql, tables.map(({ name }) => `select '${name}' as name, count(*)::int as rows from ${name}`).join(" union all "));
    await rows.changes();
    return rows;
  }

  /** How many rows each table has more than at the last call; unchanged tables are left out. */
  async changes(): Promise<Readonly<Record<string, number>>> {
    const counted = await this.#sql.unsafe<{ name: string; rows: number }[]>(this.#query);
    const before = this.#last;
    this.#last = Object.fromEntries(counted.map(({ name, rows }) => [name, rows]));
    return Object.fromEntries(counted.map(({ name, rows }) => [name, rows - (before[name] ?? 0)] as const).filter(([, more]) => more !== 0));
  }
}
