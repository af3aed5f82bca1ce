import { notUnicode } from "../../contract/index.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import { findNotUnicode } from "../../kernel/unicode-text.ts";
import { isTooDense, VALUES_COUNT } from "./json-density.ts";
import { findUnsafeJson, type JsonLimits } from "./json-limits.ts";

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
    // The parser's own message repeats the input. This one is always short.
    return refusedInput("", "invalid_json", "the text is not JSON");
  }
}

/** The error if an input is refused before a schema sees it; undefined if it is not. */
export function checkInput(input: unknown, limits: JsonLimits): HolonError | undefined {
  const issue = findUnsafeJson(input, limits);
  return issue === undefined ? undefined : badInput(issue.path, issue.code, issue.message);
}

/** The error if a text of the input is not Unicode; undefined if all are. For inputs to which the limits do not apply. */
export function unicodeRefusal(input: unknown): HolonError | undefined {
  return findNotUnicode(input) === undefined ? undefined : notUnicode(input).toBadRequest();
}

/** Refuses parts that cannot form an input, with the same wording as a schema. */
export function refusedInput(path: string, code: string, message: string): RefusedInput {
  return new RefusedInput(badInput(path, code, message));
}

function badInput(path: string, code: string, message: string): HolonError {
  const where = path === "" ? "The input" : `The input at ${path}`;
  return catalogueError("BAD_REQUEST", `${where} is refused: ${message}.`, { details: { issues: [{ path, code, message }] } });
}
