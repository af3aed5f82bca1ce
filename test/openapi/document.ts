import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** The shop's committed document. */
export const KEPT_DOCUMENT = readFileSync(path.join(ROOT, "docs/openapi.json"), "utf8");

/** The parts of a document that the tests read. */
export interface WrittenDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, WrittenOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly responses: Readonly<Record<string, WrittenResponse>> };
}

/** The parts of an operation that the tests read. */
export interface WrittenOperation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name?: string; readonly in?: string; readonly $ref?: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, WrittenResponse>>;
}

type WrittenResponse = { readonly $ref?: string; readonly content?: Readonly<Record<string, { readonly schema: object }>> };

/**
 * Says which part of an answer the document does not promise: its status, its content type or its body.
 *
 * Shape: undefined if the document promises the answer.
 */
export function brokenPromise(document: WrittenDocument, operation: WrittenOperation, response: Response, body: unknown): string | undefined {
  const listed = operation.responses[response.status] ?? operation.responses["default"];
  const { content } = resolved(document, listed) ?? {};
  const type = response.headers.get("content-type");
  const place = `${operation.operationId} ${response.status}`;
  if (operation.responses[response.status] === undefined && response.status < 400) return `${place}: no such success`;
  if (content === undefined) return type === null ? undefined : `${place}: a body of ${type}, and none is promised`;
  const promised = content[type ?? ""];
  if (promised === undefined) return `${place}: ${type}, and ${Object.keys(content).join(", ")} is promised`;
  // A handler may give a declared error another status than its contract does; the document has the contract's status.
  if (operation.responses[response.status] === undefined && JSON.stringify(operation.responses).includes(`\`${(body as { code: string }).code}\``))
    return undefined;
  const { error } = schemaOf(document, promised.schema).safeParse(body);
  return error === undefined ? undefined : `${place}: ${z.prettifyError(error)}`;
}

function resolved(document: WrittenDocument, response: WrittenResponse | undefined): WrittenResponse | undefined {
  const name = response?.$ref?.split("/").at(-1);
  return name === undefined ? response : document.components.responses[name];
}

const parsers = new WeakMap<object, z.ZodType>();

/** The schema as zod reads it from the document, with the document's components. */
function schemaOf(document: WrittenDocument, schema: object): z.ZodType {
  const parser = parsers.get(schema) ?? readBack({ ...schema, $defs: document.components.schemas });
  parsers.set(schema, parser);
  return parser;
}

function readBack(schema: object): z.ZodType {
  return z.fromJSONSchema(JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/")));
}
