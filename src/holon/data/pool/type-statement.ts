import { readSafely } from "../../kernel/thrown.ts";

/**
 * Whether an error ended the statement with which postgres.js reads the array types of a new connection.
 *
 * Its promise belongs to postgres.js, and nothing waits for it: a Postgres that restarted at this moment ended the process. The code that opens
 * the connection notices the loss by its own statement.
 */
export function isLostTypeStatement(error: unknown): boolean {
  return readSafely(() => {
    const { query } = error as { readonly query?: unknown };
    return typeof query === "string" && query.includes("b.typarray") && query.includes("pg_catalog.pg_type");
  }, false);
}
