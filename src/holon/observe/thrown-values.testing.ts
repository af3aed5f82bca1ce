import { catalogueError } from "../kernel/holon-error.ts";

const cyclic = new Error("cyclic");
cyclic.cause = cyclic;

const throwing = (): never => {
  throw new TypeError("a trap throws");
};

/** Values that user code may throw besides an ordinary error. Work that throws one of them must end in the same state as work that throws an ordinary error. */
export const THROWN_VALUES: readonly (readonly [name: string, thrown: unknown])[] = [
  ["null", null],
  ["undefined", undefined],
  ["a text with U+0000", "a\u0000b"],
  ["an error with U+0000 in its message", new Error("a\u0000b")],
  ["an error with a lone surrogate in its message", new Error("a\uD800b")],
  ["an error with U+0000 in name, stack and cause", Object.assign(new Error("x", { cause: "\u0000" }), { name: "\u0000", stack: "\u0000" })],
  ["an error of the toolkit with U+0000", catalogueError("CONFLICT", "a\u0000b", { details: { text: "\u0000", "\uD800": 1 } })],
  ["an error of the toolkit with details that have no JSON", catalogueError("CONFLICT", "x", { details: { n: 1n, cyclic } })],
  ["UNAVAILABLE", catalogueError("UNAVAILABLE", "The mail server is away.")],
  ["OVERLOADED", catalogueError("OVERLOADED", "The mail server is busy.")],
  ["an error with the code of a lost connection", Object.assign(new Error("connect"), { code: "ECONNREFUSED" })],
  ["a frozen error", Object.freeze(new Error("frozen"))],
  ["an error that is its own cause", cyclic],
  ["an AggregateError", new AggregateError([new Error("\u0000"), null], "several")],
  ["an error with a message of 50 MB", new Error("x".repeat(50 * 1024 * 1024))],
  ["an error whose getters throw", Object.create(Error.prototype, { message: { get: throwing }, stack: { get: throwing }, code: { get: throwing } })],
  ["a message that is not a text", Object.defineProperty(new Error("x"), "message", { value: { a: 1 } })],
  ["a proxy whose traps throw", new Proxy(new Error("x"), { get: throwing, getPrototypeOf: throwing, has: throwing, ownKeys: throwing })],
  ["a proxy of an error of the toolkit", new Proxy(catalogueError("CONFLICT", "x"), { get: throwing })],
];
