import { HALF_PAIR, type Issue } from "../../contract/index.ts";
import type { Limits } from "../../kernel/limits.ts";
import { isUnicode } from "../../kernel/unicode-text.ts";

/** The part of {@link Limits} that applies to a JSON value. */
export type JsonLimits = Pick<Limits, "depthCount" | "stringBytes" | "arrayCount">;

/** Steps from the innermost value outward. They are reversed when the path is written. */
interface Finding {
  readonly code: string;
  readonly message: string;
  readonly steps: (string | number)[];
}

const PATH_LENGTH = 200;
const NAME_LENGTH = 60;

/**
 * Searches a parsed JSON value for what no schema should have to handle: nesting that overflows stacks, keys that reach prototypes, NUL, which Postgres
 * refuses, half surrogate pairs, for which a call between processes is refused, and sizes over the limits. Members that no contract knows count too.
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
