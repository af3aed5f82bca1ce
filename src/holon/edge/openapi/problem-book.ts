import type { z } from "zod";
import type { AnyProcedure } from "../../contract/index.ts";
import { ERROR_CATALOGUE, errorRow, isCatalogueCode } from "../../kernel/error-catalogue.ts";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { componentName, SCHEMAS, type SchemaBook, type SchemaJson } from "./schema-book.ts";

/** One fault of an input. */
const ISSUE_SCHEMA: SchemaJson = {
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
const PROBLEM_SCHEMA: SchemaJson = {
  type: "object",
  description: "Problem details (RFC 9457). `code` names the error; programs decide by it.",
  properties: {
    type: { type: "string", format: "uri-reference" },
    title: { type: "string", description: "The status in words." },
    status: { type: "integer", format: "int32", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "What happened this time, for people." },
    code: { type: "string" },
    details: {
      description: "Data for programs; its form depends on the code. It is left out if the error would otherwise be larger than the limit.",
    },
    errorId: { type: "string", description: "With `INTERNAL`: the id by which operators find the error in the log." },
    issues: {
      type: "array",
      items: { $ref: `${SCHEMAS}Issue` },
      maxItems: DEFAULT_LIMITS.issuesCount,
      description: "With `BAD_REQUEST`: what is wrong with the input.",
    },
  },
  required: ["type", "title", "status", "detail", "code"],
};

/** The members that the error of an outdated version has in addition. */
const STALE_SCHEMA: SchemaJson = {
  type: "object",
  properties: {
    code: { type: "string", const: "CONFLICT" },
    status: { type: "integer", const: 412 },
    details: {
      type: "object",
      properties: { version: { type: "integer", format: "int32", description: "The version that the row has now." } },
      required: ["version"],
    },
  },
  required: ["code", "status"],
};

/** The place of answers that operations share. */
const RESPONSES = "#/components/responses/";

/** An error that an operation may answer with. */
export interface ListedError {
  readonly status: number;
  readonly code: string;
  /** The schema of its details, if the contract declares one. */
  readonly details?: z.ZodType;
}

/** Codes that a contract may declare although the document itself uses their names. */
const TAKEN_CODES: ReadonlySet<string> = new Set(["FAULT", "PRECONDITION_FAILED"]);

/** A procedure with its whole path. */
export type NamedProcedure = readonly [path: string, procedure: AnyProcedure];

/**
 * The errors of one document: a component for each code, and a response for each answer that several operations share.
 *
 * If all procedures that declare a code declare the same details and status, they share one component, such as `OutOfStockProblem`. Otherwise each
 * procedure has its own component, which begins with the procedure's name. The same holds for every code that the catalogue or the document itself uses. The
 * order of the procedures changes nothing.
 */
export class ProblemBook {
  readonly #schemas: SchemaBook;
  readonly #responses = new Map<string, unknown>();
  /** The JSON schemas that are declared for each code. */
  readonly #forms = new Map<string, Set<string>>();
  readonly #problem: SchemaJson;

  constructor(schemas: SchemaBook, procedures: Iterable<NamedProcedure>) {
    this.#schemas = schemas;
    schemas.add("Issue", ISSUE_SCHEMA);
    this.#problem = schemas.add("Problem", PROBLEM_SCHEMA);
    for (const [path, procedure] of procedures) {
      for (const error of declaredErrors(procedure)) {
        const forms = this.#forms.get(error.code) ?? new Set();
        this.#forms.set(error.code, forms.add(JSON.stringify(this.#schemaOf(error, path))));
      }
    }
    this.#responses.set("Fault", this.#fault());
  }

  /** An operation's error answer with one status. */
  response(path: string, errors: readonly ListedError[]): unknown {
    const [first] = errors as readonly [ListedError, ...ListedError[]];
    // Without declared errors, the codes are all those of the catalogue with this status, so the first one names the response.
    const name = componentName(first.code);
    const isCommon = first.details === undefined && isCatalogueCode(first.code);
    if (isCommon && this.#responses.has(name)) return { $ref: RESPONSES + name };
    const schemas = errors.map((error) => this.#reference(error, path));
    const codes = errors.map(({ code }) => `\`${code}\``);
    const response = {
      description: isCommon && errors.length === 1 ? errorRow(first.code).meaning : codes.join(", "),
      content: problemContent(schemas.length === 1 ? (schemas[0] as SchemaJson) : { oneOf: schemas }),
    };
    if (!isCommon) return response;
    this.#responses.set(name, response);
    return { $ref: RESPONSES + name };
  }

  /** The answer if the row has another version than `If-Match` names. */
  get stale(): unknown {
    const name = "PreconditionFailed";
    this.#responses.set(name, {
      description: "The row has another version than `If-Match` names.",
      content: problemContent(this.#schemas.add(`${name}Problem`, { allOf: [this.#problem, STALE_SCHEMA] })),
    });
    return { $ref: RESPONSES + name };
  }

  /** The answer for every other error: limits, and failures of the environment. */
  get fault(): unknown {
    return { $ref: `${RESPONSES}Fault` };
  }

  responses(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...this.#responses].sort(([one], [two]) => (one < two ? -1 : 1)));
  }

  #reference(error: ListedError, path: string): SchemaJson {
    const isTaken = isCatalogueCode(error.code) || TAKEN_CODES.has(error.code) || (this.#forms.get(error.code)?.size ?? 0) > 1;
    const isOwn = error.details !== undefined && isTaken;
    return this.#schemas.add(`${isOwn ? componentName(path) : ""}${componentName(error.code)}Problem`, this.#schemaOf(error, path));
  }

  #schemaOf({ code, status, details }: ListedError, path: string): SchemaJson {
    const properties = {
      code: { type: "string", const: code },
      status: { type: "integer", const: status },
      ...(details === undefined ? {} : { details: this.#schemas.write(details, "output", `${path} ${code}`) }),
    };
    return { allOf: [this.#problem, { type: "object", properties, required: ["code", "status"] }] };
  }

  #fault(): unknown {
    const codes = Object.keys(ERROR_CATALOGUE);
    const properties = { code: { type: "string", enum: codes } };
    const schema = this.#schemas.add("FaultProblem", { allOf: [this.#problem, { type: "object", properties, required: ["code"] }] });
    return {
      description: "Any other error: a limit, or a failure of the environment. `Retry-After` says when to send the request again, if that can help.",
      headers: {
        "Retry-After": { description: "Seconds to wait before the request is sent again.", schema: { type: "integer", format: "int32", minimum: 0 } },
      },
      content: problemContent(schema),
    };
  }
}

/** The errors that a contract declares for a procedure. */
export function declaredErrors({ errors, statuses }: AnyProcedure): ListedError[] {
  return Object.entries(errors as Readonly<Record<string, z.ZodType>>).map(([code, details]) => ({
    code,
    details,
    status: statuses[code] ?? errorRow(code).status,
  }));
}

function problemContent(schema: SchemaJson): unknown {
  return { "application/problem+json": { schema } };
}
