import { z } from "zod";
import { catalogueError, DEFAULT_LIMITS, type HolonError } from "../kernel/index.ts";
import { createNormalizer } from "./normalizer.ts";

/** One thing that is wrong with an input: where, which rule, and a sentence. */
export interface Issue {
  /** Keys and indexes from the top, joined by dots; empty for the value itself. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Parses untrusted values by a schema. A success is a copy; a failure is an error with at most 20 issues. */
export type Parser = (value: unknown) => unknown | ParseFailure;

/** What a parser answers where the value does not fit. A class of its own, because any value may be a success. */
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

/**
 * Compiles a schema to a function that parses, copies, and brings the copy to the form that JSON would give it (no `undefined` members, no
 * negative zero), so that a local call hands on exactly what a call over the network would.
 */
export function createParser(schema: z.ZodType): Parser {
  const run = schema._zod.run;
  const normalize = createNormalizer(schema);
  if (normalize === undefined) {
    return (value) => {
      const result = run({ value, issues: [] }, SYNC);
      if (result instanceof Promise) return ASYNC_FAILURE;
      return result.issues.length === 0 ? result.value : new ParseFailure(toIssues(result.issues));
    };
  }
  return (value) => {
    const result = run({ value, issues: [] }, SYNC);
    if (result instanceof Promise) return ASYNC_FAILURE;
    return result.issues.length === 0 ? normalize(result.value) : new ParseFailure(toIssues(result.issues));
  };
}

const SYNC = { async: false } as const;
const ASYNC_FAILURE = new ParseFailure([{ path: "", code: "custom", message: "the schema is asynchronous, which contracts do not support" }]);

type RawIssues = Awaited<ReturnType<z.ZodType["_zod"]["run"]>>["issues"];

const MESSAGE_LENGTH = 300;
const PATH_LENGTH = 200;

/** The first issues in short: an answer that repeats the input's unions whole was seen to grow a thousandfold. */
function toIssues(issues: RawIssues): Issue[] {
  return issues.slice(0, DEFAULT_LIMITS.issuesCount).map((raw) => {
    const issue = z.core.util.finalizeIssue(raw, SYNC, z.core.config());
    return {
      path: issue.path.map(String).join(".").slice(0, PATH_LENGTH),
      code: issue.code,
      message: issue.message.slice(0, MESSAGE_LENGTH),
    };
  });
}
