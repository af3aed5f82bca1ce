const throwing = (): never => {
  throw new TypeError("a trap throws");
};

/** Values that user code may pass in place of an object like `{ n: 1 }`. Reading any of them throws or yields no JSON of that form. */
export const ODD_VALUES: readonly (readonly [name: string, make: () => unknown])[] = [
  ["an object whose getter throws", () => Object.defineProperty({}, "n", { enumerable: true, get: throwing })],
  ["an object whose toJSON throws", () => ({ n: {}, toJSON: throwing })],
  ["an object whose toJSON getter throws", () => Object.defineProperty({ n: {} }, "toJSON", { get: throwing })],
  ["a proxy whose traps throw", () => new Proxy({ n: 1 }, { get: throwing, getPrototypeOf: throwing, has: throwing, ownKeys: throwing })],
  ["a member that is a proxy whose traps throw", () => ({ n: new Proxy({}, { get: throwing, getPrototypeOf: throwing, ownKeys: throwing }) })],
  ["a revoked proxy", () => revoked()],
  ["an object that refers to itself", () => cyclic()],
  ["a bigint", () => ({ n: 1n })],
  ["a symbol", () => Symbol("odd")],
];

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({ n: 1 }, {});
  revoke();
  return proxy;
}

function cyclic(): object {
  const value: Record<string, unknown> = {};
  value["n"] = value;
  return value;
}
