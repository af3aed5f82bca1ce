import { readSafely } from "./thrown.ts";

/** Which layer of this process made an error, and what it knows of it. */
export interface ErrorOrigin {
  readonly layer: "database" | "queue";
  /** Whether the same work may succeed later without a change of code: the server is away or busy, or another transaction was in the way. */
  readonly isPassing: boolean;
}

const ORIGINS = new WeakMap<object, ErrorOrigin>();

/** Notes where an error was made. Call it in the layer that makes the error; a code such as UNAVAILABLE says nothing of that, since handlers throw it too. */
export function markOrigin<Made extends Error>(error: Made, origin: ErrorOrigin): Made {
  ORIGINS.set(error, origin);
  return error;
}

/** Where an error was made. Shape: undefined for what an app threw, and for what another process answered. */
export function originOf(error: unknown): ErrorOrigin | undefined {
  return typeof error === "object" && error !== null ? ORIGINS.get(error) : undefined;
}

/** Whether the database or a queue failed in a way that passes by itself. False for what an app threw, whatever its code. */
export function isPassing(error: unknown): boolean {
  return originOf(error)?.isPassing === true;
}

const CUT_OFF = new WeakSet<object>();

/** Notes that work was cut off by this error: the connection of its transaction was lost under it, or its process was frozen until its time was over. */
export function markCutOff<Made extends Error>(error: Made): Made {
  CUT_OFF.add(error);
  return error;
}

/** Whether work was cut off by this error, or by what it says is its cause. */
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
