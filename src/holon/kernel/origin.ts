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
