import { type AnyProcedure, createAnswerParser, ParseFailure, type Parser } from "../contract/index.ts";
import { statementHint } from "../data/database-error.ts";
import { COMMON_REFUSALS, isCatalogueCode } from "../kernel/error-catalogue.ts";
import { catalogueError, HolonError, isHolonError, jsonCopy, plainError } from "../kernel/holon-error.ts";
import type { Logger } from "../kernel/log.ts";
import type { Scope } from "../kernel/scope.ts";
import { readSafely } from "../kernel/thrown.ts";
import { ResumeRefusal } from "../work/watch/event-place.ts";

/** Codes that pass from a callee through its caller. Such a code means that the environment failed, so every caller on the way may return it. */
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

/** Turns what a handler threw into the error that its callers get. */
export type Boundary = (thrown: unknown) => HolonError;

/**
 * Makes the boundary: the only place where errors leave a procedure.
 *
 * Declared refusals and faults pass as a copy without cause and stack. Everything else becomes INTERNAL with an error id, and the log has the whole error under
 * that id. The contract parses the details of declared errors, so that nothing else can leave with them. An INTERNAL error of a callee keeps its id. One that
 * arose in this procedure, for example in the database layer, gets an id.
 */
export function createBoundary({
  path,
  procedure,
  log,
  newId,
}: {
  readonly path: string;
  readonly procedure: AnyProcedure;
  readonly log: Logger;
  readonly newId: () => string;
}): Boundary {
  const declared = new Map<string, Parser>(
    Object.entries(procedure.errors).map(([code, schema]) => [code, createAnswerParser(schema as AnyProcedure["input"])]),
  );

  const internal = (cause: unknown): HolonError => {
    const errorId = newId();
    const hint = readSafely(() => statementHint(cause), undefined);
    log.error(
      { procedure: path, errorId, err: cause, ...(hint === undefined ? {} : { hint }) },
      "a handler failed with an error that its contract does not declare",
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
    // A `ResumeRefusal` is a BAD_REQUEST about what the handler's own caller sent. Any other BAD_REQUEST is a callee's answer to what this handler sent.
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
      // A getter or a proxy of the thrown value threw, or a check of the declared details did.
      return internal(unreadable);
    }
  };
}

/**
 * Turns the error of a statement or call into the error of the whole call. The statement that failed may not have been executed, for example because it timed
 * out waiting for a lock. The call may still have acted before that statement, if it committed a transaction or called a mutation. The error must then not say
 * that it is safe to call again.
 */
export function errorOfCall(error: HolonError, scope: Scope): HolonError {
  if (error.executed !== "no" || !scope.mayHaveActed) return error;
  const { code, message, details, status } = error;
  return new HolonError(code, message, { details, executed: "maybe", status });
}

function callFailed(errorId: string): HolonError {
  return catalogueError("INTERNAL", "The call failed.", { details: { errorId } });
}

/** The id under which another boundary has logged the failure. */
function errorIdOf(details: unknown): string | undefined {
  const errorId = (details as { readonly errorId?: unknown } | undefined | null)?.errorId;
  return typeof errorId === "string" && errorId.length <= 64 ? errorId : undefined;
}
