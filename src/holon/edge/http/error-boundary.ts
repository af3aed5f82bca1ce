import { errorRow } from "../../kernel/error-catalogue.ts";
import { catalogueError, type HolonError, isHolonError, jsonCopy, plainError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";

/** Where an error came from, for the log. */
interface ErrorPlace {
  readonly procedure: string | undefined;
  readonly traceId: string | undefined;
}

/**
 * The only place of the public port where a thrown value becomes an answer.
 *
 * Guarantee: a HolonError that is a refusal or a fault passes as a plain copy. Everything else becomes INTERNAL with an error id and nothing more. The log
 * has the whole error under that id.
 */
export class ErrorBoundary {
  readonly #log: Logger;
  readonly #newId: () => string;

  constructor(log: Logger, newId: () => string) {
    this.#log = log;
    this.#newId = newId;
  }

  /** Makes a plain error of any thrown value. Never throws. */
  toPublic(thrown: unknown, place: ErrorPlace): HolonError {
    try {
      return this.#judge(thrown, place);
    } catch {
      // A getter or a proxy of the thrown value threw.
      return this.#internal(thrown, place);
    }
  }

  #judge(thrown: unknown, place: ErrorPlace): HolonError {
    if (!isHolonError(thrown)) return this.#internal(thrown, place);
    if (errorRow(thrown.code).kind !== "defect") return plainError(thrown, jsonCopy(thrown.details));
    const known = errorIdOf(thrown);
    // An error that has an id comes from the process that failed, which has logged it with its cause.
    return known === undefined ? this.#internal(thrown, place) : callFailed(known);
  }

  #internal(thrown: unknown, place: ErrorPlace): HolonError {
    const errorId = this.#newId();
    this.#log.error({ ...place, errorId, err: thrown }, "an unexpected error was answered with INTERNAL");
    return callFailed(errorId);
  }
}

function callFailed(errorId: string): HolonError {
  return catalogueError("INTERNAL", errorRow("INTERNAL").meaning, { details: { errorId } });
}

function errorIdOf(error: HolonError): string | undefined {
  const details = error.details as { errorId?: unknown } | undefined | null;
  const errorId = details?.errorId;
  return typeof errorId === "string" && errorId.length <= 64 ? errorId : undefined;
}
