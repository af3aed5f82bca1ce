import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import type { StatementRequest } from "./statement-runner.ts";

/** A statement of Drizzle's as text, its rows as objects. It is prepared once it has been seen twice. */
export function toRequest(statement: SQL): StatementRequest {
  const { sql: text, params } = new PgDialect().sqlToQuery(statement);
  return { text, params, prepare: false, rows: "objects" };
}
