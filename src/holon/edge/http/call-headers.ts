import type { IncomingHttpHeaders } from "node:http";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import { isAscii, percentDecoded } from "./request-text.ts";

/** What the headers of a request say about each of its calls. */
interface CallHeaders {
  /** The idempotency key of each call, by position; undefined if the call has none. */
  readonly keys: readonly (string | undefined)[];
  /** The remaining time of each call, by position; undefined if the headers name none. */
  readonly deadlinesMs: readonly (number | undefined)[];
}

const NONE: readonly undefined[] = [];
const KEY_LENGTH = 200;
const MILLISECONDS = /^\d{1,9}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Reads `idempotency-key` and `holon-deadline-ms`.
 *
 * Shape: each header has one value for each call. Values are separated by commas, and percent-encoded, so that the header is ASCII. An empty value means that
 * the call has none. A single deadline applies to every call. A single key applies to the first call only, because each key stands for one effect.
 * Errors: BAD_REQUEST, which names the header.
 */
export function parseCallHeaders(headers: IncomingHttpHeaders, callCount: number): CallHeaders | HolonError {
  const keys = parseList(headers["idempotency-key"], callCount, parseKey);
  if (keys === undefined) return malformed("idempotency-key", `one key a call, percent-encoded, at most ${KEY_LENGTH} characters`);
  const header = headers["holon-deadline-ms"];
  const alone = typeof header === "string" && !header.includes(",");
  const deadlines = parseList(header, alone ? 1 : callCount, parseMilliseconds);
  if (deadlines === undefined) return malformed("holon-deadline-ms", "whole milliseconds, one number a call");
  return { keys, deadlinesMs: alone ? Array<number | undefined>(callCount).fill(deadlines[0]) : deadlines };
}

/** The values by position; undefined if a value is malformed, or if there are more values than calls. */
function parseList<Value>(
  header: string | string[] | undefined,
  count: number,
  parse: (text: string) => Value | undefined,
): readonly (Value | undefined)[] | undefined {
  if (header === undefined) return NONE;
  const parts = String(header).split(",");
  if (parts.length > count) return undefined;
  const values: (Value | undefined)[] = [];
  for (const part of parts) {
    const text = part.trim();
    const value = text === "" ? undefined : parse(text);
    if (text !== "" && value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function parseKey(text: string): string | undefined {
  const key = isAscii(text) ? percentDecoded(text) : undefined;
  return key === undefined || key.length > KEY_LENGTH || CONTROL.test(key) ? undefined : key;
}

function parseMilliseconds(text: string): number | undefined {
  return MILLISECONDS.test(text) ? Number(text) : undefined;
}

function malformed(header: string, expected: string): HolonError {
  return catalogueError("BAD_REQUEST", `The header ${header} is malformed: expected ${expected}.`, {
    details: { issues: [{ path: header, code: "invalid_header", message: `expected ${expected}` }] },
  });
}
