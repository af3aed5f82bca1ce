import { catalogueError, errorRow, type HolonError, isHolonError, type Logger } from "../../kernel/index.ts";

/** Where an error came from, for the log. */
export interface ErrorPlace {
  readonly procedure: string | undefined;
  readonly traceId: string | undefined;
}

/**
 * The one place where what was thrown becomes what is answered.
 *
 * Guarantee: refusals and faults of the toolkit pass as they are; everything else, and every defect, leaves as INTERNAL with an error id
 * and nothing more. Whatever the id stands for was logged whole.
 */
export class ErrorBoundary {
  readonly #log: Logger;
  readonly #newId: () => string;

  constructor(log: Logger, newId: () => string) {
    this.#log = log;
    this.#newId = newId;
  }

  /** Never throws, whatever was thrown. */
  toPublic(thrown: unknown, place: ErrorPlace): HolonError {
    try {
      return this.#judge(thrown, place);
    } catch (unreadable) {
      return this.#judge(unreadable instanceof Error ? unreadable : undefined, place);
    }
  }

  #judge(thrown: unknown, place: ErrorPlace): HolonError {
    if (isHolonError(thrown) && errorRow(thrown.code).kind !== "defect") return thrown;
    const known = isHolonError(thrown) ? errorIdOf(thrown) : undefined;
    const errorId = known ?? this.#newId();
    // An id that came along was given by the process that failed, which has logged the error with its cause.
    if (known === undefined) this.#log.error({ ...place, errorId, err: thrown }, "a call failed in a way that no contract declares");
    return catalogueError("INTERNAL", errorRow("INTERNAL").meaning, { details: { errorId } });
  }
}

function errorIdOf(error: HolonError): string | undefined {
  const details = error.details as { errorId?: unknown } | undefined | null;
  const errorId = details?.errorId;
  return typeof errorId === "string" && errorId.length <= 64 ? errorId : undefined;
}
