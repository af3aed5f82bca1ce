import { z } from "zod";
import { catalogueError, type HolonError } from "../kernel/holon-error.ts";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { findNotUnicode } from "../kernel/unicode-text.ts";
import { ContractError } from "./contract-error.ts";
import { isDeeperThan, isJson, jsonImage, surveyJson } from "./json-image.ts";
import { badUnion, unionRefusal } from "./json-only.ts";
import { createNormalizer, NOT_UNICODE } from "./normalizer.ts";
import { type AnySchema, reachable, schemaTraits } from "./schema-def.ts";

/**
 * Parses untrusted values by a schema. A success is a new copy; a failure is an error with at most 20 issues.
 *
 * The parser judges the value's JSON image, which is the value after a trip over the network. If the schema refuses a value as it stands, because a member is
 * undefined or a Date is in place of its text, the image is parsed. So calls in one process and between processes agree.
 *
 * Errors: ContractError for a schema with asynchronous checks; any error that a check of the schema throws.
 */
export type Parser = (value: unknown) => unknown | ParseFailure;

/**
 * Compiles a schema to a parser. First zod's generated code runs. Then our code brings the copy to the form that JSON would give it (no `undefined` members, no
 * negative zero) and refuses text with half of a surrogate pair.
 *
 * Values of recursive schemas may be nested 64 deep.
 *
 * Errors: ContractError for a discriminated union that zod would refuse at its first parse, such as one of a job's data.
 */
export function createParser(schema: z.ZodType): Parser {
  for (const each of reachable(schema as AnySchema)) {
    const said = unionRefusal(each);
    if (said !== undefined) throw new ContractError("schema", `${badUnion(said).problem}; ${badUnion(said).cure}`);
  }
  return compileParser(schema, true);
}

/**
 * {@link createParser} for the answer of a handler. A text with half of a surrogate pair is accepted: JSON writes the half as an escape, so callers get the
 * text unchanged, in one process and between processes. So an app that cuts a text in the middle of an emoji still answers.
 */
export function createAnswerParser(schema: z.ZodType): Parser {
  return compileParser(schema, false);
}

function compileParser(schema: z.ZodType, checksTexts: boolean): Parser {
  const runCompiled = z.compile(schema)._zod.run;
  const normalizer = createNormalizer(schema, { checksTexts });
  const { recursive, ambiguous } = schemaTraits(schema as AnySchema);
  const finish = (value: unknown): unknown | ParseFailure => {
    if (normalizer === undefined) return value;
    const form = normalizer(value);
    return form === NOT_UNICODE ? notUnicode(value) : form;
  };
  const explain = createExplainer(schema, finish, recursive);
  const parse: Parser = (value) => {
    let result: Result | undefined;
    try {
      result = runCompiled({ value, issues: [] }, createContext(true, recursive)) as Result;
    } catch (error) {
      if (error !== BOUND_REACHED) return toFailure(error);
    }
    if (result === undefined || result.issues.length > 0) return explain(value, result?.issues);
    return finish(result.value);
  };
  if (!recursive && !ambiguous) return parse;
  return (value) => {
    if (recursive && isDeeperThan(value, DEFAULT_LIMITS.depthCount)) return TOO_DEEP;
    return ambiguous && !isJson(value) ? explain(value, []) : parse(value);
  };
}

/** One error in an input: the place, the rule, and a sentence. */
export interface Issue {
  /** Keys and indexes from the top, joined by dots; empty for the value itself. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** The result of a parser for a value that does not fit. It is a class, because any value may be a success. */
export class ParseFailure {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    this.issues = issues;
  }

  /** The error that callers of a procedure get. */
  toBadRequest(): HolonError {
    return catalogueError("BAD_REQUEST", "The input does not fit the contract.", { details: { issues: this.issues } });
  }
}

/** An issue as zod records it while it parses, before it has made messages. */
type RawIssue = Awaited<ReturnType<z.ZodType["_zod"]["run"]>>["issues"][number];

const MESSAGE_LENGTH = 300;
const PATH_LENGTH = 200;
/** The most bytes of the issues in one error. The rest of an error's body has 4 KiB. */
const ISSUES_BYTES = DEFAULT_LIMITS.errorBytes - 4 * 1024;

/**
 * The first issues, shortened: at most 20, at most 12 KiB as JSON. Paths and messages repeat keys of the input. Without these limits, an answer about an input
 * with unions was seen to be a thousand times as large as the input.
 */
function toIssues(raw: readonly RawIssue[]): Issue[] {
  const encoder = new TextEncoder();
  const issues: Issue[] = [];
  let bytes = 0;
  for (const each of raw.slice(0, DEFAULT_LIMITS.issuesCount)) {
    const issue = toIssue(each);
    bytes += encoder.encode(JSON.stringify(issue)).length;
    if (bytes > ISSUES_BYTES) break;
    issues.push(issue);
  }
  return issues;
}

function toIssue(raw: RawIssue): Issue {
  const issue = z.core.util.finalizeIssue(raw, {}, z.core.config());
  return { path: toPath(issue.path), code: issue.code, message: issue.message.slice(0, MESSAGE_LENGTH).toWellFormed() };
}

/** The issue of a text that is not Unicode. */
export const HALF_PAIR = { code: "forbidden_character", message: "half of a surrogate pair, which no UTF-8 text can hold" } as const;

/** The failure for a value that contains a text which is not Unicode. */
export function notUnicode(value: unknown): ParseFailure {
  return new ParseFailure([{ path: toPath(findNotUnicode(value) ?? []), ...HALF_PAIR }]);
}

/**
 * Joins the steps of a path to a text that is Unicode. Long paths are cut, which can split a surrogate pair, and some keys of the input are not Unicode at all.
 */
function toPath(steps: readonly PropertyKey[]): string {
  return steps.map(String).join(".").slice(0, PATH_LENGTH).toWellFormed();
}

/** The result of a synchronous run of a schema. */
interface Result {
  readonly value: unknown;
  readonly issues: readonly RawIssue[];
}

const TOO_DEEP = new ParseFailure([{ path: "", code: "too_deep", message: `Too deep: at most ${DEFAULT_LIMITS.depthCount} levels` }]);
const TOO_MANY = new ParseFailure([{ path: "", code: "too_many_issues", message: "There are more issues than can be listed" }]);
const NOT_JSON = new ParseFailure([{ path: "", code: "not_json", message: "Not JSON: the value holds a bigint or refers to itself" }]);

/** The most messages that zod may make in one parse. It makes them for each option of each union, even if no caller sees them. */
const MESSAGES_COUNT = 20_000;
const BOUND_REACHED = Symbol("more messages than MESSAGES_COUNT");

/**
 * The settings of one zod parse. There is a new object for each parse, because zod stores what it remembers of a parse on it.
 *
 * zod calls `error` for the message of each issue, before it makes a message itself. Throwing in `error` is the only way to stop zod. The parse of a recursive
 * schema must not be stopped in this way, because zod would never empty its list of the objects that it is inside of, and memory would leak.
 */
class BoundedContext {
  readonly async = false;
  readonly abortEarly: boolean;
  #count = 0;

  constructor(abortEarly: boolean) {
    this.abortEarly = abortEarly;
  }

  error(): undefined {
    this.#count += 1;
    if (this.#count > MESSAGES_COUNT) throw BOUND_REACHED;
  }
}

const createContext = (abortEarly: boolean, recursive: boolean): object =>
  recursive ? { async: false, abortEarly } : new BoundedContext(abortEarly);

/** If an input has more values than this, parsing stops at the first issue: listing all issues was seen to block the event loop for half a second. */
const THOROUGH_COUNT = 1_000;

type Explainer = (value: unknown, found: readonly RawIssue[] | undefined) => unknown | ParseFailure;

/**
 * The slow way, for values that the fast one refused: it parses the JSON image, and finds all issues if the value is small. `found` are the issues at which the
 * fast way stopped; undefined if the fast way reached {@link MESSAGES_COUNT}.
 */
function createExplainer(schema: z.ZodType, finish: (value: unknown) => unknown | ParseFailure, recursive: boolean): Explainer {
  return (value, found) => {
    const survey = surveyJson(value);
    if (survey.plain && survey.count > THOROUGH_COUNT) return found === undefined ? TOO_MANY : new ParseFailure(toIssues(found));
    let image = value;
    try {
      if (!survey.plain) image = jsonImage(value);
    } catch {
      return NOT_JSON;
    }
    const abortEarly = surveyJson(image).count > THOROUGH_COUNT;
    try {
      const result = schema._zod.run({ value: image, issues: [] }, createContext(abortEarly, recursive)) as Result;
      return result.issues.length === 0 ? finish(result.value) : new ParseFailure(toIssues(result.issues));
    } catch (error) {
      if (error !== BOUND_REACHED) return toFailure(error);
      return found === undefined || found.length === 0 ? TOO_MANY : new ParseFailure(toIssues(found));
    }
  };
}

/**
 * The failure that an error thrown by zod stands for. Only one of zod's errors is about the value. An asynchronous check is reported as ContractError, and
 * every other error is thrown again.
 */
function toFailure(error: unknown): ParseFailure {
  if (error instanceof z.core.$ZodAsyncError) throw new ContractError("schema", "has an asynchronous check; contracts are checked synchronously");
  if (error instanceof Error && error.message.startsWith("Unmergable intersection")) {
    return new ParseFailure([{ path: "", code: "custom", message: "The sides of an intersection read this value differently" }]);
  }
  throw error;
}
