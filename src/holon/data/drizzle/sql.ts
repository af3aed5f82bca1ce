import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";

/** The tag that writes SQL. Background work imports it from here, because only `data` imports Drizzle. */
export { type SQL, sql } from "drizzle-orm";

/** A statement of Drizzle as text, with rows as objects. If it has parameters, it is prepared when it is run for the second time. */
export function toRequest(statement: SQL): StatementRequest {
  const { sql: text, params } = new PgDialect().sqlToQuery(statement);
  return { text, params, prepare: false, rows: "objects" };
}

/** A statement that Drizzle asks to run. */
export interface StatementRequest {
  readonly text: string;
  readonly params: readonly unknown[];
  /** True if the query was prepared by name. Other queries with parameters are prepared when they are run again. */
  readonly prepare: boolean;
  readonly rows: "arrays" | "objects";
  /**
   * Whether the statement must not wait while other calls have all slots of the pool. Such a statement renews leases, gives claims back, or reads the
   * database's clock, and those calls may depend on it. In a transaction, this flag has no effect.
   */
  readonly isUrgent?: boolean;
}

/** Runs statements for one scope: each on its own connection, or all in one transaction. */
export interface StatementRunner {
  run(request: StatementRequest): Promise<unknown[]>;
}
