import { type CatalogueCode, type ErrorRow, type Executed, errorRow } from "./error-catalogue.ts";
import { readSafely } from "./thrown.ts";

/** The parts of an error besides its code and message. */
export interface HolonErrorOptions<Details> {
  /** Data that callers may read. It travels on the wire, so it must be JSON. */
  readonly details?: Details;
  /** The error that caused this one. It is logged and never leaves the process. */
  readonly cause?: unknown;
  /** Whether the call may have had an effect, if the code that makes the error knows more about this than the catalogue. */
  readonly executed?: Executed;
  /** HTTP status, if a contract declares another than the catalogue's. */
  readonly status?: number;
}

/**
 * The one error class of the toolkit: a code, a sentence, and typed details.
 *
 * An error that crosses from one context to another, in one process or between two, arrives as this class with the same code, message and
 * details, and without `cause`.
 */
export class HolonError<Code extends string = string, Details = unknown> extends Error {
  override readonly name = "HolonError";
  readonly code: Code;
  readonly details: Details;
  readonly executed: Executed;
  readonly status: number;

  constructor(code: Code, message: string, options: HolonErrorOptions<Details> = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const row = errorRow(code);
    this.code = code;
    this.details = options.details as Details;
    this.executed = options.executed ?? row.executed;
    this.status = isErrorStatus(options.status) ? options.status : row.status;
  }

  /** The catalogue's row of this error's code. */
  get row(): ErrorRow {
    return errorRow(this.code);
  }
}

/** Whether a number can be the HTTP status of an error. */
function isErrorStatus(status: number | undefined): status is number {
  return Number.isInteger(status) && (status as number) >= 400 && (status as number) <= 599;
}

/** Whether a value is an error of the toolkit and, if a code is given, has that code. The answer is false for a value that cannot be read. */
export function isHolonError<Code extends string = string>(value: unknown, code?: Code): value is HolonError<Code> {
  // A proxy may throw when its prototype is read.
  return readSafely(() => value instanceof HolonError && isReadable(value) && (code === undefined || value.code === code), false);
}

const MEMBERS = ["code", "message", "details", "executed", "status"] as const;

/** Reads each member once. So a getter or a proxy that throws does so here, and not in the code that reads the error later. */
function isReadable(error: HolonError): boolean {
  const [code, message] = MEMBERS.map((name) => error[name]);
  return typeof code === "string" && typeof message === "string";
}

/** An error of the catalogue. */
export function catalogueError<Details = undefined>(
  code: CatalogueCode,
  message: string,
  options?: HolonErrorOptions<Details>,
): HolonError<CatalogueCode, Details> {
  return new HolonError(code, message, options);
}

/** Thrown by {@link assertInvariant}: a bug of the toolkit or of the code that uses it, never a failure outside. */
class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws if the condition does not hold, which is a bug. */
export function assertInvariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/**
 * A copy of an error of the toolkit that user code threw: a plain instance without cause and stack, which may be read and sent anywhere.
 *
 * Untyped code may set status and `executed` to any value, and a peer would take a malformed error for a broken connection. The copy gets the given `details`.
 * The given `status` is the one that the contract declares, if it declares one. `error` must be a value for which `isHolonError` is true.
 * Errors: those that a getter or a proxy of the error throws.
 */
export function plainError(error: HolonError, details: unknown, status?: number): HolonError {
  const { code, message, executed, row } = error;
  return new HolonError(code, message, {
    details,
    executed: EXECUTED.has(executed) ? executed : row.executed,
    status: status ?? error.status,
  });
}

const EXECUTED: ReadonlySet<unknown> = new Set(["no", "maybe", "yes"]);

/**
 * The value after a trip through JSON, so that caller and callee never share an object and see the same values as between processes. The result is undefined if
 * JSON cannot express the value.
 */
export function jsonCopy(value: unknown): unknown {
  if (value === undefined) return undefined;
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return undefined;
  }
}
