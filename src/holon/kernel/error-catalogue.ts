/** How a caller may react to an error: never repeat the call, repeat it always, or repeat it if the call is idempotent. */
type Retry = "never" | "safe" | "if-idempotent";

/** Whether the call may have had an effect. `no` means that it is safe to call again. */
export type Executed = "no" | "maybe" | "yes";

/**
 * The kind of failure that a code stands for. A *refusal* is a "no" of the business that callers handle, a *fault* is a failure outside of the code, a *defect*
 * is a bug.
 */
type ErrorKind = "refusal" | "fault" | "defect";

/** One row of the error catalogue. */
export interface ErrorRow {
  readonly kind: ErrorKind;
  readonly meaning: string;
  /** HTTP status at the edge. */
  readonly status: number;
  /** The code by which tRPC clients know this error; its number travels in tRPC's `error.code`. */
  readonly trpc: TrpcCode;
  readonly retry: Retry;
  readonly executed: Executed;
  readonly log: "debug" | "info" | "warn" | "error";
  readonly cure: string;
}

/** tRPC's own error codes with the JSON-RPC numbers that it sends for them. */
export const TRPC_CODE_NUMBERS = {
  PARSE_ERROR: -32700,
  BAD_REQUEST: -32600,
  INTERNAL_SERVER_ERROR: -32603,
  BAD_GATEWAY: -32603,
  SERVICE_UNAVAILABLE: -32603,
  GATEWAY_TIMEOUT: -32603,
  UNAUTHORIZED: -32001,
  FORBIDDEN: -32003,
  NOT_FOUND: -32004,
  METHOD_NOT_SUPPORTED: -32005,
  TIMEOUT: -32008,
  CONFLICT: -32009,
  PAYLOAD_TOO_LARGE: -32013,
  UNSUPPORTED_MEDIA_TYPE: -32015,
  UNPROCESSABLE_CONTENT: -32022,
  TOO_MANY_REQUESTS: -32029,
  CLIENT_CLOSED_REQUEST: -32099,
} as const;

type TrpcCode = keyof typeof TRPC_CODE_NUMBERS;

const row = (
  kind: ErrorKind,
  status: number,
  trpc: TrpcCode,
  retry: Retry,
  executed: Executed,
  log: ErrorRow["log"],
  meaning: string,
  cure: string,
): ErrorRow => ({ kind, status, trpc, retry, executed, log, meaning, cure });

/**
 * Every error code that the toolkit itself can answer with.
 *
 * Codes that a contract declares (`errors: { OUT_OF_STOCK: ... }`) are not listed: they are refusals that behave like {@link DECLARED_ERROR}.
 */
export const ERROR_CATALOGUE = {
  BAD_REQUEST: row(
    "refusal",
    400,
    "BAD_REQUEST",
    "never",
    "no",
    "info",
    "The input does not fit the contract.",
    "Read `details.issues`: each names the field and what was expected.",
  ),
  UNAUTHORIZED: row(
    "refusal",
    401,
    "UNAUTHORIZED",
    "never",
    "no",
    "info",
    "The procedure needs a signed-in user, and the caller is not signed in.",
    "Sign in and send the token.",
  ),
  FORBIDDEN: row(
    "refusal",
    403,
    "FORBIDDEN",
    "never",
    "no",
    "info",
    "The caller is known, but may not do this.",
    "Ask for the role that the contract names.",
  ),
  NOT_FOUND: row(
    "refusal",
    404,
    "NOT_FOUND",
    "never",
    "no",
    "info",
    "The procedure or the row does not exist, or the caller may not see it.",
    "Check the path or the id.",
  ),
  METHOD_NOT_SUPPORTED: row(
    "refusal",
    405,
    "METHOD_NOT_SUPPORTED",
    "never",
    "no",
    "info",
    "A mutation was called with GET, or a query with a method that it does not take.",
    "Send queries with GET and mutations with POST.",
  ),
  REQUEST_TIMEOUT: row("fault", 408, "TIMEOUT", "safe", "no", "info", "The whole request did not arrive in time.", "Send the body without pauses."),
  CONFLICT: row(
    "refusal",
    409,
    "CONFLICT",
    "never",
    "no",
    "info",
    "The row is not in the state that the caller assumed, or a value that must be unique is taken.",
    "Read the current state (its version is in `details`) and decide again.",
  ),
  KEY_IN_FLIGHT: row(
    "fault",
    409,
    "CONFLICT",
    "if-idempotent",
    "maybe",
    "info",
    "A call with the same idempotency key is still running.",
    "Ask again with the same key a little later.",
  ),
  PAYLOAD_TOO_LARGE: row(
    "refusal",
    413,
    "PAYLOAD_TOO_LARGE",
    "never",
    "no",
    "info",
    "The body or the answer is over the limit.",
    "Send less at a time, or raise the limit that the message names.",
  ),
  UNSUPPORTED_MEDIA_TYPE: row(
    "refusal",
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    "never",
    "no",
    "info",
    "The body is not plain JSON.",
    "Send `content-type: application/json`, not compressed.",
  ),
  KEY_REUSED: row(
    "refusal",
    422,
    "UNPROCESSABLE_CONTENT",
    "never",
    "no",
    "warn",
    "The idempotency key was used before with another input.",
    "Make a new key for a new request.",
  ),
  KEY_UNDONE: row(
    "refusal",
    409,
    "CONFLICT",
    "never",
    "no",
    "warn",
    "The call of a workflow step arrived after the workflow had undone that step.",
    "Do nothing: the workflow does not want this effect any more.",
  ),
  TOO_MANY_REQUESTS: row(
    "fault",
    429,
    "TOO_MANY_REQUESTS",
    "safe",
    "no",
    "info",
    "The caller sends too many requests.",
    "Wait as long as `Retry-After` says.",
  ),
  CANCELLED: row(
    "fault",
    499,
    "CLIENT_CLOSED_REQUEST",
    "if-idempotent",
    "maybe",
    "debug",
    "The caller went away or gave up.",
    "Do nothing: the caller does not wait for the answer any more.",
  ),
  INTERNAL: row(
    "defect",
    500,
    "INTERNAL_SERVER_ERROR",
    "never",
    "maybe",
    "error",
    "The callee failed in a way that its contract does not declare.",
    "Search the logs for `details.errorId`.",
  ),
  CALL_IN_TRANSACTION: row(
    "defect",
    500,
    "INTERNAL_SERVER_ERROR",
    "never",
    "no",
    "error",
    "A handler called another context while its transaction was open.",
    "Call before or after the transaction, or emit an event inside it.",
  ),
  CONTRACT_MISMATCH: row(
    "fault",
    502,
    "BAD_GATEWAY",
    "never",
    "no",
    "error",
    "Caller and callee were built from incompatible versions of this procedure.",
    "Deploy both from the same contract; the message names both versions.",
  ),
  UNAVAILABLE: row(
    "fault",
    503,
    "SERVICE_UNAVAILABLE",
    "if-idempotent",
    "maybe",
    "warn",
    "The process that hosts the context cannot be reached, or went away during the call.",
    "Check that the process runs; the caller opens the connection again by itself.",
  ),
  OVERLOADED: row(
    "fault",
    503,
    "SERVICE_UNAVAILABLE",
    "safe",
    "no",
    "warn",
    "A limit of concurrent work is reached, or a lock was not released in time.",
    "Try again later, or raise the limit that the message names.",
  ),
  DEADLINE_EXCEEDED: row(
    "fault",
    504,
    "GATEWAY_TIMEOUT",
    "if-idempotent",
    "maybe",
    "warn",
    "The call did not end within its deadline and was cancelled.",
    "Look in the trace at what took the time.",
  ),
} as const satisfies Record<string, ErrorRow>;

/** A code of the catalogue. */
export type CatalogueCode = keyof typeof ERROR_CATALOGUE;

/** How an error that a contract declares behaves, unless the declaration says otherwise. */
export const DECLARED_ERROR: ErrorRow = row(
  "refusal",
  422,
  "UNPROCESSABLE_CONTENT",
  "never",
  "no",
  "info",
  "A refusal that the contract declares.",
  "See the contract of the procedure.",
);

/** The refusals that every procedure may answer with, without declaring them. */
export const COMMON_REFUSALS = ["NOT_FOUND", "CONFLICT", "FORBIDDEN", "UNAUTHORIZED"] as const;

export type CommonRefusal = (typeof COMMON_REFUSALS)[number];

/** Whether a text is a code of the catalogue. */
export function isCatalogueCode(code: string): code is CatalogueCode {
  return Object.hasOwn(ERROR_CATALOGUE, code);
}

/** The row of a code: that of the catalogue, or that of declared errors. */
export function errorRow(code: string): ErrorRow {
  return isCatalogueCode(code) ? ERROR_CATALOGUE[code] : DECLARED_ERROR;
}
