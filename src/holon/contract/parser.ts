import { z } from "zod";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { ContractError } from "./contract-error.ts";
import { ParseFailure, type RawIssue, toIssues } from "./issue.ts";
import { copyJson } from "./json-form.ts";
import { isDeeperThan, jsonImage, surveyJson } from "./json-image.ts";
import { createNormalizer } from "./normalizer.ts";

export { type Issue, ParseFailure } from "./issue.ts";

/**
 * Parses untrusted values by a schema. A success is an own copy; a failure is an error with at most 20 issues.
 *
 * What counts is the value's JSON image, what is left of it after a trip over the network: a value that the schema refuses as it stands,
 * because a member is undefined or a Date stands for its text, is judged again by its image. So calls in and between processes agree.
 *
 * Errors: ContractError for a schema with asynchronous checks; whatever a check of the schema throws.
 */
export type Parser = (value: unknown) => unknown | ParseFailure;

/**
 * Compiles a schema to a parser: zod's generated code, then ours, which brings the copy to the form that JSON would give it (no `undefined`
 * members, no negative zero).
 *
 * Values of recursive schemas may be nested 64 deep.
 */
export function createParser(schema: z.ZodType): Parser {
  const runCompiled = z.compile(schema)._zod.run;
  const normalize = createNormalizer(schema);
  const explain = createExplainer(schema, normalize ?? ((value) => value));
  const parse: Parser = (value) => {
    let result: Result;
    try {
      // The context is made anew each time: zod keeps what it remembers of one parse on it.
      result = runCompiled({ value, issues: [] }, { async: false, abortEarly: true }) as Result;
    } catch (error) {
      return toFailure(error);
    }
    if (result.issues.length > 0) return explain(value);
    return normalize === undefined ? result.value : normalize(result.value);
  };
  if (normalize !== copyJson) return parse;
  return (value) => (isDeeperThan(value, DEFAULT_LIMITS.depthCount) ? TOO_DEEP : parse(value));
}

/** What a synchronous run of a schema answers. */
interface Result {
  readonly value: unknown;
  readonly issues: readonly RawIssue[];
}

const TOO_DEEP = new ParseFailure([{ path: "", code: "too_deep", message: `Too deep: at most ${DEFAULT_LIMITS.depthCount} levels` }]);
const NOT_JSON = new ParseFailure([{ path: "", code: "not_json", message: "Not JSON: the value holds a bigint or refers to itself" }]);

/** In an input of more values than this, parsing stops at the first issue: to list all of them was seen to hold the loop for half a second. */
const THOROUGH_COUNT = 1_000;

/** The slow way, for values that the fast one refused: judges the JSON image, and finds all issues where the value is small. */
function createExplainer(schema: z.ZodType, normalize: (value: unknown) => unknown): Parser {
  return (value) => {
    const survey = surveyJson(value);
    let image = value;
    try {
      if (!survey.plain) image = jsonImage(value);
    } catch {
      return NOT_JSON;
    }
    const { count } = survey.plain ? survey : surveyJson(image);
    try {
      const result = schema._zod.run({ value: image, issues: [] }, { async: false, abortEarly: count > THOROUGH_COUNT }) as Result;
      return result.issues.length === 0 ? normalize(result.value) : new ParseFailure(toIssues(result.issues));
    } catch (error) {
      return toFailure(error);
    }
  };
}

/** What an error that zod threw means: only one of its own is about the value, the others go on. */
function toFailure(error: unknown): ParseFailure {
  if (error instanceof z.core.$ZodAsyncError) throw new ContractError("schema", "has an asynchronous check; contracts are checked synchronously");
  if (error instanceof Error && error.message.startsWith("Unmergable intersection")) {
    return new ParseFailure([{ path: "", code: "custom", message: "The sides of an intersection read this value differently" }]);
  }
  throw error;
}
