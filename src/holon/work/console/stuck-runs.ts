import { sql } from "../../data/index.ts";
import { catalogueError } from "../../kernel/index.ts";
import type { WorkDatabase } from "../outbox/work-database.ts";
import type { StuckRun } from "./work-console.ts";

/** Makes a stuck run go on, with the knowledge of its workflow. Returns whether there was one. */
export type ResumeRun = (id: string) => Promise<boolean>;

/** Shows the stuck runs of a context. */
export class StuckRuns {
  readonly #database: WorkDatabase;
  readonly #resume: ResumeRun | undefined;

  constructor(database: WorkDatabase, resume: ResumeRun | undefined) {
    this.#database = database;
    this.#resume = resume;
  }

  async count(): Promise<number> {
    const runs = this.#database.table("holon_runs");
    const [row] = await this.#database.rows<{ count: number }>(
      "count stuck runs",
      sql`select count(*)::int as count from ${runs} where state = 'stuck' and settled_at is null`,
    );
    return row?.count ?? 0;
  }

  list(limit: number): Promise<readonly StuckRun[]> {
    const runs = this.#database.table("holon_runs");
    return this.#database.rows<StuckRun>(
      "list stuck runs",
      sql`select id, workflow, version, key, reason from ${runs} where state = 'stuck' and settled_at is null order by created_at limit ${limit}`,
    );
  }

  /** Errors: METHOD_NOT_SUPPORTED where no workflows are at hand. */
  resume(id: string): Promise<boolean> {
    if (this.#resume === undefined) throw catalogueError("METHOD_NOT_SUPPORTED", `Runs of ${this.#database.context} cannot be resumed from here.`);
    return this.#resume(id);
  }
}
