import { HolonError } from "../kernel/holon-error.ts";
import { readSafely } from "../kernel/thrown.ts";

/** The parts of a Postgres error that this layer reads. */
export interface PostgresFailure {
  readonly code: string;
  readonly severity?: string;
  readonly routine?: string;
  readonly detail?: string;
  readonly constraint_name?: string;
  readonly column_name?: string;
}

/** Finds the error of the server or of the connection inside what Drizzle or a handler wrapped around it. */
export function postgresFailure(error: unknown): PostgresFailure | undefined {
  return readSafely(() => failureWithin(error), undefined);
}

function failureWithin(error: unknown): PostgresFailure | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    if (!(at instanceof HolonError) && typeof (at as { code?: unknown }).code === "string") return at as unknown as PostgresFailure;
    at = at.cause;
  }
  return undefined;
}

/** The SQLSTATE of a Postgres error, or the code of a connection error; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  return postgresFailure(error)?.code;
}
