import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { SCHEMAS, type SchemaJson } from "./schema-book.ts";

/** One fault of an input. */
export const ISSUE_SCHEMA: SchemaJson = {
  type: "object",
  description: "One thing that is wrong with an input.",
  properties: {
    path: { type: "string", description: "Members and indexes from the top, joined by dots; empty for the input itself." },
    code: { type: "string", description: "The rule that is broken, as in `too_small`." },
    message: { type: "string" },
  },
  required: ["path", "code", "message"],
};

/** The body of every error. The other schemas are special cases of it. */
export const PROBLEM_SCHEMA: SchemaJson = {
  type: "object",
  description: "Problem details (RFC 9457). `code` says which error it is; decide by it.",
  properties: {
    type: { type: "string", format: "uri-reference" },
    title: { type: "string", description: "The status in words." },
    status: { type: "integer", format: "int32", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "What happened this time, for people." },
    code: { type: "string" },
    details: { description: "Data for programs; its form hangs on the code. Left out where the error would be larger than an error may be." },
    errorId: { type: "string", description: "Of INTERNAL: what operators find the error in the log by." },
    issues: {
      type: "array",
      items: { $ref: `${SCHEMAS}Issue` },
      maxItems: DEFAULT_LIMITS.issuesCount,
      description: "Of BAD_REQUEST: what is wrong.",
    },
  },
  required: ["type", "title", "status", "detail", "code"],
};

/** What the error of an outdated version has in addition. */
export const STALE_SCHEMA: SchemaJson = {
  type: "object",
  properties: {
    code: { type: "string", const: "CONFLICT" },
    status: { type: "integer", const: 412 },
    details: {
      type: "object",
      properties: { version: { type: "integer", format: "int32", description: "The one that is there." } },
      required: ["version"],
    },
  },
  required: ["code", "status"],
};
