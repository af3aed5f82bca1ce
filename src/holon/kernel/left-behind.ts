/** Which call a rejected promise belongs to. */
export interface CallPlace {
  readonly procedure: string;
  readonly traceId?: string;
}

const places = new WeakMap<Promise<unknown>, CallPlace>();
const errors = new WeakSet<object>();

/** Notes the call that a promise was handed out for, so that a rejection without a handler can be logged with its call. */
export function noteFailedCall(promise: Promise<unknown>, place: CallPlace): void {
  places.set(promise, place);
}

/** The call that a promise was handed out for; undefined for any other promise. */
export function callPlaceOf(promise: Promise<unknown>): CallPlace | undefined {
  return places.get(promise);
}

/** Hands a promise out to user code, which may never look at it: its rejection is logged with its place, and never ends the process. */
export function handOut<Value>(promise: Promise<Value>, place: CallPlace): Promise<Value> {
  noteFailedCall(promise, place);
  return promise;
}

/** Notes what a promise that was handed out is rejected with: a promise that a handler makes of it is rejected with the same. */
export function noteHandedOut(error: unknown): void {
  if (typeof error === "object" && error !== null) errors.add(error);
}

/** Whether a promise that was handed out was rejected with this. */
export function wasHandedOut(error: unknown): boolean {
  return typeof error === "object" && error !== null && errors.has(error);
}
