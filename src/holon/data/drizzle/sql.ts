import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import type { StatementRequest } from "./statement-runner.ts";

/** The tag that writes SQL. Background work takes it from here: only `data` imports Drizzle. */
export { type SQL, sql } from "drizzle-orm";

/** A statement of Drizzle as text, with rows as objects. It is prepared when it is run for the second time. */
export function toRequest(statement: SQL): StatementRequest {
  const { sql: text, params } = new PgDialect().sqlToQuery(statement);
  return { text, params, prepare: false, rows: "objects" };
}
