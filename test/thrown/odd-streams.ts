const throwing = (): never => {
  throw new TypeError("the stream throws");
};

/** A stream that yields `{ n: 1 }` once, and then the results of `next`, with further members. */
function stream(next: () => unknown, members: object = {}): unknown {
  let count = 0;
  const iterator = { next: async () => (++count === 1 ? { done: false, value: { n: 1 } } : next()) };
  Object.defineProperties(iterator, Object.getOwnPropertyDescriptors(members));
  return { [Symbol.asyncIterator]: () => iterator };
}

/** Values that the handler of a subscription may return instead of a proper stream, and the code that its consumer gets. */
export const ODD_STREAMS: readonly (readonly [name: string, make: (ctx: { readonly signal: AbortSignal }) => unknown, code: string])[] = [
  ["undefined", () => undefined, "INTERNAL"],
  ["a promise", async () => [], "INTERNAL"],
  ["a stream whose Symbol.asyncIterator throws", () => ({ [Symbol.asyncIterator]: throwing }), "INTERNAL"],
  [
    "a stream whose Symbol.asyncIterator is a getter that throws",
    () => Object.defineProperty({}, Symbol.asyncIterator, { get: throwing }),
    "INTERNAL",
  ],
  ["a stream that has no iterator", () => ({ [Symbol.asyncIterator]: () => undefined }), "INTERNAL"],
  ["a stream without next", () => ({ [Symbol.asyncIterator]: () => ({}) }), "INTERNAL"],
  ["a proxy whose traps throw", () => new Proxy({}, { get: throwing, has: throwing }), "INTERNAL"],
  ["a stream whose next throws at once", () => ({ [Symbol.asyncIterator]: () => ({ next: throwing }) }), "INTERNAL"],
  ["a stream whose next throws, without return", () => stream(throwing), "INTERNAL"],
  ["a stream whose next throws, and return too", () => stream(throwing, { return: throwing, throw: throwing }), "INTERNAL"],
  [
    "a stream whose next rejects with null, and return with undefined",
    () => stream(() => Promise.reject(null), { return: () => Promise.reject() }),
    "INTERNAL",
  ],
  ["a stream whose return is a getter that throws", () => stream(throwing, Object.defineProperty({}, "return", { get: throwing })), "INTERNAL"],
  ["a stream whose return never ends", () => stream(throwing, { return: () => new Promise(() => {}) }), "INTERNAL"],
  ["a stream whose return answers a promise that throws", () => stream(throwing, { return: () => new Proxy({}, { get: throwing }) }), "INTERNAL"],
  ["a step that is not an object", () => stream(() => 7), "INTERNAL"],
  ["a step whose done throws", () => stream(() => Object.defineProperty({}, "done", { get: throwing })), "INTERNAL"],
  ["a step whose value throws", () => stream(() => Object.defineProperty({ done: false }, "value", { get: throwing })), "INTERNAL"],
  ["an item whose getter throws", () => stream(() => ({ done: false, value: Object.defineProperty({}, "n", { get: throwing }) })), "INTERNAL"],
  [
    "an item that is a proxy whose traps throw",
    () => stream(() => ({ done: false, value: new Proxy({}, { get: throwing, ownKeys: throwing }) })),
    "INTERNAL",
  ],
  ["a generator whose finally throws", () => failingLast(), "INTERNAL"],
];

async function* failingLast(): AsyncGenerator<unknown> {
  try {
    yield { n: 1 };
    yield { n: "odd" };
  } finally {
    throwing();
  }
}
