import { sql } from "../../data/drizzle/sql.ts";
import { countOf, type WorkDatabase } from "../engine/work-database.ts";
import type { StuckRun } from "./work-console.ts";

/** The stuck runs of a context, found by their own small index: most runs are done. */
export class StuckRuns {
  readonly #database: WorkDatabase;

  constructor(database: WorkDatabase) {
    this.#database = database;
  }

  async count(): Promise<number> {
    const runs = this.#database.table("holon_runs");
    const [row] = await this.#database.rows<{ count: number }>("count stuck runs", sql`select ${countOf(runs, sql`state = 'stuck'`)} as count`);
    return row?.count ?? 0;
  }

  list(limit: number): Promise<readonly StuckRun[]> {
    const runs = this.#database.table("holon_runs");
    return this.#database.rows<StuckRun>(
      "list stuck runs",
      sql`select id, workflow, version, key, reason from ${runs} where state = 'stuck' order by created_at limit ${limit}`,
    );
  }
}
