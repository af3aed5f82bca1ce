/** The call that a rejected promise belongs to. */
interface CallPlace {
  readonly procedure: string;
  readonly traceId?: string;
}

const places = new WeakMap<Promise<unknown>, CallPlace>();
const errors = new WeakSet<object>();

/** Notes the call that a promise was handed out for, so that a rejection without a handler is logged with its call. */
export function noteFailedCall(promise: Promise<unknown>, place: CallPlace): void {
  places.set(promise, place);
}

/** The call that a promise was handed out for; undefined for any other promise. */
export function callPlaceOf(promise: Promise<unknown>): CallPlace | undefined {
  return places.get(promise);
}

/**
 * Hands a promise out to user code, which may never wait for it. If the promise is rejected and no code handles that, the rejection is logged with its call and
 * does not end the process.
 */
export function handOut<Value>(promise: Promise<Value>, place: CallPlace): Promise<Value> {
  noteFailedCall(promise, place);
  return promise;
}

/**
 * Notes the error with which a promise that was handed out is rejected. A promise that a handler derives from this promise is rejected with the same error, and
 * is recognized by it.
 */
export function noteHandedOut(error: unknown): void {
  if (typeof error === "object" && error !== null) errors.add(error);
}

/** Whether a promise that was handed out was rejected with this error. */
export function wasHandedOut(error: unknown): boolean {
  return typeof error === "object" && error !== null && errors.has(error);
}
