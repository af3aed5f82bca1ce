import { HALF_PAIR, type Issue, notUnicode } from "../../contract/index.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";
import { findNotUnicode, isUnicode } from "../../kernel/unicode-text.ts";

/** The part of {@link Limits} that applies to a JSON value. */
type JsonLimits = Pick<Limits, "depthCount" | "stringBytes" | "arrayCount">;

/** A fault of a value, and its place. The steps go from the innermost value outward. They are reversed when the path is written. */
interface Finding {
  readonly code: string;
  readonly message: string;
  readonly steps: (string | number)[];
}

const PATH_LENGTH = 200;
const NAME_LENGTH = 60;

/**
 * Searches a parsed JSON value for faults that no schema should have to handle. Members that no contract knows are searched too. The faults are:
 * - nesting that overflows stacks, and keys that reach prototypes;
 * - NUL characters, which Postgres refuses;
 * - halves of surrogate pairs, because a call that has one is refused between processes;
 * - sizes over the limits.
 *
 * Shape: the first finding, with its path; undefined if there is none. Visits each value once and goes no deeper than the limit.
 */
export function findUnsafeJson(value: unknown, limits: JsonLimits): Issue | undefined {
  const finding = visit(value, limits, 1);
  if (finding === undefined) return undefined;
  const path = finding.steps
    .reverse()
    .map((step) => String(step).slice(0, NAME_LENGTH))
    .join(".")
    .slice(0, PATH_LENGTH)
    .toWellFormed();
  return { path, code: finding.code, message: finding.message };
}

function visit(value: unknown, limits: JsonLimits, depth: number): Finding | undefined {
  if (typeof value === "string") return visitString(value, limits);
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > limits.depthCount) return found("too_deep", `nested deeper than ${limits.depthCount} levels`);
  return Array.isArray(value) ? visitArray(value, limits, depth) : visitObject(value as Record<string, unknown>, limits, depth);
}

function visitArray(array: readonly unknown[], limits: JsonLimits, depth: number): Finding | undefined {
  if (array.length > limits.arrayCount) return found("too_big", `more than ${limits.arrayCount} items`);
  for (let index = 0; index < array.length; index++) {
    const item = array[index];
    if (typeof item === "number" || typeof item === "boolean") continue;
    const finding = visit(item, limits, depth + 1);
    if (finding !== undefined) return at(finding, index);
  }
  return undefined;
}

function visitObject(object: Record<string, unknown>, limits: JsonLimits, depth: number): Finding | undefined {
  for (const key in object) {
    if (key === "__proto__") return at(found("forbidden_key", "a key that reaches the prototype"), key);
    const member = object[key];
    if (key === "constructor" && typeof member === "object" && member !== null && Object.hasOwn(member, "prototype")) {
      return at(found("forbidden_key", "a key that reaches the prototype"), key);
    }
    const inKey = visitString(key, limits);
    if (inKey !== undefined) return at(inKey, key.replaceAll("\0", ""));
    if (typeof member === "number" || typeof member === "boolean") continue;
    const finding = visit(member, limits, depth + 1);
    if (finding !== undefined) return at(finding, key);
  }
  return undefined;
}

function visitString(text: string, limits: JsonLimits): Finding | undefined {
  if (text.includes("\0")) return found("forbidden_character", "a NUL character");
  if (!isUnicode(text)) return found(HALF_PAIR.code, HALF_PAIR.message);
  // A character takes at most three bytes in UTF-8, so short strings need no count.
  if (text.length * 3 <= limits.stringBytes || Buffer.byteLength(text) <= limits.stringBytes) return undefined;
  return found("too_big", `a string of more than ${limits.stringBytes} bytes`);
}

function found(code: string, message: string): Finding {
  return { code, message, steps: [] };
}

function at(finding: Finding, step: string | number): Finding {
  finding.steps.push(step);
  return finding;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/** The most values that one JSON text may have. A megabyte of `[]` takes a hundred milliseconds to parse, a megabyte of ordinary data takes three. */
export const VALUES_COUNT = 100_000;

/** A shorter text cannot have so many values that parsing it takes long. */
const HARMLESS_LENGTH = 100_000;

/**
 * Whether a JSON text has more than {@link VALUES_COUNT} values. Commas, colons and opening brackets outside of strings are counted. So the name of
 * a member counts as a value, because a name costs the parser even more than a value.
 *
 * The text is checked before it is parsed, because the parser cannot be stopped once it has begun.
 */
export function isTooDense(text: string): boolean {
  if (text.length <= HARMLESS_LENGTH) return false;
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === QUOTE) {
      index = endOfString(text, index);
      if (index < 0) return false;
    } else if (character === COMMA || character === COLON || character === OPEN_BRACKET || character === OPEN_BRACE) {
      count++;
      if (count > VALUES_COUNT) return true;
    }
  }
  return false;
}

/** The index of the closing quote; -1 if there is none. In that case the parser refuses the text. */
function endOfString(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close >= 0 && isEscaped(text, close)) close = text.indexOf('"', close + 1);
  return close;
}

function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (index - first) % 2 === 1;
}

/** A refused value from outside. It has its own class, because any value may be an input. */
export class RefusedInput {
  readonly error: HolonError;

  constructor(error: HolonError) {
    this.error = error;
  }
}

/** Parses the JSON text of a request. An empty text is undefined, as in tRPC: clients send no body for "no input". */
export function parseJsonText(text: string | undefined): unknown | RefusedInput {
  if (text === undefined || text === "") return undefined;
  if (isTooDense(text)) return refusedInput("", "too_big", `more than ${VALUES_COUNT} values`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message repeats the input. Our message is always short.
    return refusedInput("", "invalid_json", "the text is not JSON");
  }
}

/** The error if an input is refused before a schema sees it; undefined if the input is accepted. */
export function checkInput(input: unknown, limits: JsonLimits): HolonError | undefined {
  const issue = findUnsafeJson(input, limits);
  return issue === undefined ? undefined : badInput(issue.path, issue.code, issue.message);
}

/** The error if a text of the input is not Unicode; undefined if all texts are. This check is for inputs to which the limits do not apply. */
export function unicodeRefusal(input: unknown): HolonError | undefined {
  return findNotUnicode(input) === undefined ? undefined : notUnicode(input).toBadRequest();
}

/** Refuses parts of a request that cannot form an input. The error has the same form as that of a schema. */
export function refusedInput(path: string, code: string, message: string): RefusedInput {
  return new RefusedInput(badInput(path, code, message));
}

function badInput(path: string, code: string, message: string): HolonError {
  const where = path === "" ? "The input" : `The input at ${path}`;
  return catalogueError("BAD_REQUEST", `${where} is refused: ${message}.`, { details: { issues: [{ path, code, message }] } });
}
