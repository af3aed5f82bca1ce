import { type SQL, sql } from "../../data/index.ts";
import type { Clock } from "../../kernel/index.ts";
import { type WorkData, WorkDatabase } from "../engine/work-database.ts";

/** The tables of one context that jobs and schedules live in. */
export class JobDatabase extends WorkDatabase {
  readonly jobs: SQL;
  readonly outbox: SQL;
  readonly schedules: SQL;

  constructor(data: WorkData, clock: Clock) {
    super(data, clock);
    this.jobs = this.table("holon_jobs");
    this.outbox = this.table("holon_outbox");
    this.schedules = this.table("holon_schedules");
  }
}

/** Ids as an array of the database. */
export function uuids(ids: readonly string[]): SQL {
  return sql`${`{${ids.join(",")}}`}::uuid[]`;
}

/** Names as an array of the database. */
export function texts(names: readonly string[]): SQL {
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))`;
}
