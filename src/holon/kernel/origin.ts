import { readSafely } from "./thrown.ts";

/** The layer of this process that made an error, and what the layer knows about it. */
interface ErrorOrigin {
  readonly layer: "database" | "queue";
  /** Whether the same work may succeed later without a change of code: the server was unreachable or busy, or another transaction was in conflict. */
  readonly isPassing: boolean;
}

const ORIGINS = new WeakMap<object, ErrorOrigin>();

/**
 * Notes where an error was made. The layer that makes the error calls this. A code such as UNAVAILABLE does not say where it comes from, because handlers throw
 * it too.
 */
export function markOrigin<Made extends Error>(error: Made, origin: ErrorOrigin): Made {
  ORIGINS.set(error, origin);
  return error;
}

/** Where an error was made. Shape: undefined for errors that an app threw and for errors that another process answered. */
export function originOf(error: unknown): ErrorOrigin | undefined {
  return typeof error === "object" && error !== null ? ORIGINS.get(error) : undefined;
}

/** Whether the database or a queue failed in a way that passes by itself. False for an error that an app threw, whatever its code. */
export function isPassing(error: unknown): boolean {
  return originOf(error)?.isPassing === true;
}

const CUT_OFF = new WeakSet<object>();

/** Notes that this error cut work off: the transaction of the work lost its connection, or the process was frozen until the time of the work was over. */
export function markCutOff<Made extends Error>(error: Made): Made {
  CUT_OFF.add(error);
  return error;
}

/** Whether this error, or an error in its chain of causes, is marked by {@link markCutOff}: the work was ended from outside and did not fail by itself. */
export function isCutOff(error: unknown): boolean {
  return readSafely(() => {
    let at = error;
    for (let depth = 0; depth < 8 && typeof at === "object" && at !== null; depth++) {
      if (CUT_OFF.has(at)) return true;
      at = (at as { readonly cause?: unknown }).cause;
    }
    return false;
  }, false);
}
