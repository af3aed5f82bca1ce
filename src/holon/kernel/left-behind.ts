/** Which call a rejected promise belongs to. */
export interface CallPlace {
  readonly procedure: string;
  readonly traceId?: string;
}

const places = new WeakMap<Promise<unknown>, CallPlace>();

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
