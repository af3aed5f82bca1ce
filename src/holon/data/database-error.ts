import type { Executed } from "../kernel/error-catalogue.ts";
import { catalogueError, HolonError } from "../kernel/holon-error.ts";
import { isPassing, markOrigin } from "../kernel/origin.ts";
import { readSafely } from "../kernel/thrown.ts";

/** Codes that postgres.js and sockets give if the server cannot be reached, and SQLSTATEs by which the server refuses a connection or ends it. */
const LOST = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  // SQLSTATEs: shutdown, crash, start-up, an idle session ended by the server, too many connections, a server that became read-only.
  "57P01",
  "57P02",
  "57P03",
  "57P05",
  "25P03",
  "53300",
  "25006",
]);

/** Whether an error means that the connection was lost, and its transaction with it. */
export function isConnectionLoss(error: unknown): boolean {
  const failure = postgresFailure(error);
  return failure !== undefined && (LOST.has(failure.code) || failure.code.startsWith("08") || failure.severity === "FATAL");
}

/** SQLSTATEs of temporary failures: a conflict with other transactions, an outdated plan, a lock timeout, a cancelled statement, a full disk, no memory. */
const PASSING = new Set(["40P01", "40001", "0A000", "55P03", "57014", "53100", "53200"]);

/** Whether another transaction was in conflict: deadlock, serialization failure. */
export function isContention(error: unknown): boolean {
  const code = postgresFailure(error)?.code;
  return code === "40P01" || code === "40001";
}

/** Whether a lock was not released in time. */
export function isLockTimeout(error: unknown): boolean {
  return postgresFailure(error)?.code === "55P03";
}

/** Whether the same transaction may succeed if it is run again: contention, or a plan that a migration made outdated. */
export function isWorthRepeating(error: unknown): boolean {
  const failure = postgresFailure(error);
  return isContention(error) || (failure?.code === "0A000" && failure.routine === "RevalidateCachedQuery");
}

/**
 * Translates an error of the database into one of the catalogue. SQL and parameters stay in `cause`, which never leaves the process.
 *
 * If a value must be unique and is taken, the caller gets CONFLICT with `{ fields }` and can handle it. A lock that other transactions hold for too long is
 * OVERLOADED with `executed: "no"`: the request is valid and may be sent again. A violated check, foreign key or not-null is a bug of the handler, which should
 * have checked it (INTERNAL). The error is marked as an error of the database, see {@link markOrigin}.
 */
export function toHolonError(error: unknown): HolonError {
  const known = readSafely(() => holonErrorWithin(error), undefined);
  if (known !== undefined) return known;
  const failure = postgresFailure(error);
  const mayPass = isConnectionLoss(error) || (failure !== undefined && PASSING.has(failure.code));
  return markOrigin(said(failure, error), { layer: "database", isPassing: mayPass });
}

/** Like {@link toHolonError}, for a connection that could not be opened: nothing was executed. The reason of a cancelled scope passes unchanged. */
export function toOpeningError(error: unknown): HolonError {
  const made = toHolonError(error);
  if (made === error) return made;
  return markOrigin(new HolonError(made.code, made.message, { cause: error, executed: "no" }), { layer: "database", isPassing: isPassing(made) });
}

/** A temporary error of this layer: the database is unreachable, or did not answer in time. */
export function databaseAway(message: string, options: { readonly executed?: Executed; readonly cause?: unknown } = {}): HolonError {
  return markOrigin(catalogueError("UNAVAILABLE", message, options), { layer: "database", isPassing: true });
}

function said(failure: PostgresFailure | undefined, error: unknown): HolonError {
  if (failure === undefined) return catalogueError("INTERNAL", "The database layer failed.", { cause: error });
  if (isConnectionLoss(error)) return catalogueError("UNAVAILABLE", "The database cannot be reached.", { cause: error });
  return fromSqlState(failure, error);
}

/** A hint for the log: how to change a statement that Drizzle writes differently from what the code says. Undefined if no hint is known. */
export function statementHint(error: unknown): string | undefined {
  const failure = postgresFailure(error) as (PostgresFailure & { readonly message?: string }) | undefined;
  if (failure?.code !== "42P01" || failure.message?.startsWith("invalid reference to FROM-clause entry") !== true) return undefined;
  return (
    "findMany and findFirst give the table an alias, which a subquery does not see: write `where: (row, { exists }) => ...` and use the columns of " +
    "`row` in the subquery, or use select()."
  );
}

function fromSqlState(failure: PostgresFailure, cause: unknown): HolonError {
  switch (failure.code) {
    case "23505": {
      const fields = violatedFields(failure);
      return catalogueError("CONFLICT", `${fields.length === 0 ? "A value" : fields.join(", ")} must be unique and is taken.`, {
        cause,
        details: { fields },
      });
    }
    case "40P01":
    case "40001":
    case "0A000":
      return catalogueError("CONFLICT", "Other transactions changed the same rows at the same time, again and again.", { cause });
    case "55P03":
      // The transaction that waited is rolled back, so nothing was executed.
      return catalogueError("OVERLOADED", "A lock on a row or table was not released in time (lockTimeoutMs).", { cause, executed: "no" });
    case "22021":
    case "22P05":
      return catalogueError("BAD_REQUEST", "A text holds a character that cannot be stored (U+0000).", { cause });
    case "57014":
      return catalogueError("DEADLINE_EXCEEDED", "A statement ran longer than it may and was cancelled.", { cause });
    case "53100":
    case "53200":
      return catalogueError("UNAVAILABLE", "The database is out of disk or memory.", { cause });
    default:
      return catalogueError("INTERNAL", "A statement failed in the database.", { cause });
  }
}

/** `Key (lower(email), tenant)=(a, 1) already exists.` names its columns. The values after them must not leave the database layer. */
function violatedFields(failure: PostgresFailure): string[] {
  const columns = /^Key \((.*?)\)=\(/s.exec(failure.detail ?? "")?.[1];
  if (columns === undefined) return failure.constraint_name === undefined ? [] : [failure.constraint_name];
  return columns.split(", ").map((column) => {
    // For an index on an expression, such as lower(email::text), the column is the name that a caller knows.
    const name = /^\w+\(+"?(\w+)"?/.exec(column)?.[1] ?? column;
    return name.replaceAll('"', "");
  });
}

function holonErrorWithin(error: unknown): HolonError | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    if (at instanceof HolonError) return at;
    at = at.cause;
  }
  return undefined;
}

/** The parts of a Postgres error that this layer reads. */
interface PostgresFailure {
  readonly code: string;
  readonly severity?: string;
  readonly routine?: string;
  readonly detail?: string;
  readonly constraint_name?: string;
  readonly column_name?: string;
}

/** Finds the error of the server or of the connection inside what Drizzle or a handler wrapped around it. */
function postgresFailure(error: unknown): PostgresFailure | undefined {
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

/**
 * Whether an error ended the statement with which postgres.js reads the array types of a new connection.
 *
 * The statement's promise belongs to postgres.js, and nothing waits for it. If Postgres restarts at this moment, the rejection of the promise is unhandled, and
 * would end this process. The code that opens the connection notices the loss by its own statement.
 */
export function isLostTypeStatement(error: unknown): boolean {
  return readSafely(() => {
    const { query } = error as { readonly query?: unknown };
    return typeof query === "string" && query.includes("b.typarray") && query.includes("pg_catalog.pg_type");
  }, false);
}
