import { notUnicode } from "../../contract/index.ts";
import { catalogueError, findNotUnicode, type HolonError } from "../../kernel/index.ts";
import { isTooDense, VALUES_COUNT } from "./json-density.ts";
import { findUnsafeJson, type JsonLimits } from "./json-limits.ts";

/** A value of the outside that was not let in. A class of its own, because any value may be an input. */
export class RefusedInput {
  readonly error: HolonError;

  constructor(error: HolonError) {
    this.error = error;
  }
}

/** Parses the JSON text of a request. Nothing at all is undefined, as in tRPC: clients send no body for "no input". */
export function parseJsonText(text: string | undefined): unknown | RefusedInput {
  if (text === undefined || text === "") return undefined;
  if (isTooDense(text)) return refusedInput("", "too_big", `more than ${VALUES_COUNT} values`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message repeats the input; this one is always short.
    return refusedInput("", "invalid_json", "the text is not JSON");
  }
}

/** The input itself, or why it is refused before any schema sees it. */
export function checkInput(input: unknown, limits: JsonLimits): HolonError | undefined {
  const issue = findUnsafeJson(input, limits);
  return issue === undefined ? undefined : badInput(issue.path, issue.code, issue.message);
}

/** Why an input is refused that no limit of a contract is held against: a text of it has no UTF-8. */
export function unicodeRefusal(input: unknown): HolonError | undefined {
  return findNotUnicode(input) === undefined ? undefined : notUnicode(input).toBadRequest();
}

/** Refuses what cannot be put together to an input, in the words of a schema that refuses. */
export function refusedInput(path: string, code: string, message: string): RefusedInput {
  return new RefusedInput(badInput(path, code, message));
}

function badInput(path: string, code: string, message: string): HolonError {
  const where = path === "" ? "The input" : `The input at ${path}`;
  return catalogueError("BAD_REQUEST", `${where} is refused: ${message}.`, { details: { issues: [{ path, code, message }] } });
}
