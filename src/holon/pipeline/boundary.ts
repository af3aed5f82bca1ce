import { type AnyProcedure, createAnswerParser, ParseFailure, type Parser } from "../contract/index.ts";
import { statementHint } from "../data/index.ts";
import {
  COMMON_REFUSALS,
  catalogueError,
  HolonError,
  isCatalogueCode,
  isHolonError,
  jsonCopy,
  type Logger,
  plainError,
  readSafely,
  type Scope,
} from "../kernel/index.ts";
import { ResumeRefusal } from "../work/index.ts";

/** Codes that pass from a callee through its caller: the world failed, and everybody on the way may say so. */
const FAULTS: ReadonlySet<string> = new Set([
  "UNAVAILABLE",
  "OVERLOADED",
  "DEADLINE_EXCEEDED",
  "CANCELLED",
  "CONTRACT_MISMATCH",
  "KEY_IN_FLIGHT",
  "KEY_REUSED",
  "KEY_UNDONE",
  "TOO_MANY_REQUESTS",
  "CALL_IN_TRANSACTION",
]);

/** What {@link createBoundary} needs. */
export interface BoundaryOptions {
  readonly path: string;
  readonly procedure: AnyProcedure;
  readonly log: Logger;
  readonly newId: () => string;
}

/** Turns whatever a handler threw into the error that its callers get. */
export type Boundary = (thrown: unknown) => HolonError;

/**
 * Makes the one place where errors leave a procedure.
 *
 * Declared refusals and faults pass, as a copy without cause and stack; all else becomes INTERNAL with an error id, under which the whole
 * error is in the log. Details of declared errors are parsed by the contract, so that nothing else can leave with them. An INTERNAL that comes
 * from a callee keeps its id; one that arose here, as in the database layer, gets one.
 */
export function createBoundary({ path, procedure, log, newId }: BoundaryOptions): Boundary {
  const declared = new Map<string, Parser>(
    Object.entries(procedure.errors).map(([code, schema]) => [code, createAnswerParser(schema as AnyProcedure["input"])]),
  );

  const internal = (cause: unknown): HolonError => {
    const errorId = newId();
    const hint = readSafely(() => statementHint(cause), undefined);
    log.error(
      { procedure: path, errorId, err: cause, ...(hint === undefined ? {} : { hint }) },
      "a handler failed in a way that its contract does not declare",
    );
    return callFailed(errorId);
  };

  const judge = (thrown: unknown): HolonError => {
    if (!isHolonError(thrown)) return internal(thrown);
    if (thrown.code === "INTERNAL") {
      const known = errorIdOf(thrown.details);
      return known === undefined ? internal(thrown) : callFailed(known);
    }
    const parseDetails = declared.get(thrown.code);
    if (parseDetails !== undefined) {
      const details = parseDetails(thrown.details);
      if (details instanceof ParseFailure) return internal(thrown);
      return plainError(thrown, details, procedure.statuses[thrown.code]);
    }
    // Any other BAD_REQUEST is a callee's answer to what this handler sent it; this one is about what its own caller sent.
    if (thrown instanceof ResumeRefusal) return plainError(thrown, jsonCopy(thrown.details));
    const passes = (COMMON_REFUSALS as readonly string[]).includes(thrown.code) || FAULTS.has(thrown.code);
    if (!passes || !isCatalogueCode(thrown.code)) return internal(thrown);
    if (thrown.code === "CALL_IN_TRANSACTION") log.error({ procedure: path, err: thrown }, "a handler called another context inside its transaction");
    return plainError(thrown, jsonCopy(thrown.details));
  };

  return (thrown) => {
    try {
      return judge(thrown);
    } catch (unreadable) {
      // A getter or a proxy of what was thrown throws, or a check of the declared details does.
      return internal(unreadable);
    }
  };
}

/**
 * An error as that of the whole call. What failed last may not have been executed, as a statement that waited for a lock in vain; the call may have been, if
 * it had committed a transaction or called a mutation before. Nothing may then say that it is safe to call again.
 */
export function errorOfCall(error: HolonError, scope: Scope): HolonError {
  if (error.executed !== "no" || !scope.mayHaveActed) return error;
  const { code, message, details, status } = error;
  return new HolonError(code, message, { details, executed: "maybe", status });
}

function callFailed(errorId: string): HolonError {
  return catalogueError("INTERNAL", "The call failed.", { details: { errorId } });
}

/** The id of a failure that another boundary has logged. */
function errorIdOf(details: unknown): string | undefined {
  const errorId = (details as { readonly errorId?: unknown } | undefined | null)?.errorId;
  return typeof errorId === "string" && errorId.length <= 64 ? errorId : undefined;
}
