import { z } from "zod";
import { catalogueError, type HolonError } from "../kernel/holon-error.ts";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { findNotUnicode } from "../kernel/unicode-text.ts";

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
export type RawIssue = Awaited<ReturnType<z.ZodType["_zod"]["run"]>>["issues"][number];

const MESSAGE_LENGTH = 300;
const PATH_LENGTH = 200;
/** Leaves space for the rest of an error's body beside the issues. */
const ISSUES_BYTES = DEFAULT_LIMITS.errorBytes - 4 * 1024;

/**
 * The first issues, shortened: at most 20, at most 12 KiB as JSON. Paths and messages repeat keys of the input. An answer that repeats an input's unions in
 * full was seen to grow a thousandfold.
 */
export function toIssues(raw: readonly RawIssue[]): Issue[] {
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

/** What is wrong with a text that is not Unicode. */
export const HALF_PAIR = { code: "forbidden_character", message: "half of a surrogate pair, which no UTF-8 text can hold" } as const;

/** The failure for a value that contains a text which is not Unicode. */
export function notUnicode(value: unknown): ParseFailure {
  return new ParseFailure([{ path: toPath(findNotUnicode(value) ?? []), ...HALF_PAIR }]);
}

/** Joins the steps. Keys of the input are cut, which can split a surrogate pair, and some are not Unicode at all. */
function toPath(steps: readonly PropertyKey[]): string {
  return steps.map(String).join(".").slice(0, PATH_LENGTH).toWellFormed();
}
