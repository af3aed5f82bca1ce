import { type AnyProcedure, NOTHING, type RestField, type RestRoute } from "../../contract/index.ts";
import type { SchemaBook, SchemaJson } from "./schema-book.ts";

/** The place of parameters that operations share. */
const PARAMETERS = "#/components/parameters/";

/** The input of an operation. */
interface OperationInput {
  readonly parameters?: readonly unknown[];
  readonly requestBody?: unknown;
}

/** The parameters that operations share, by the name of their component. */
export const SHARED_PARAMETERS = {
  IdempotencyKey: {
    name: "Idempotency-Key",
    in: "header",
    description: "A random text of the caller's. The same request again with the same key answers what the first one did and has no second effect.",
    schema: { type: "string", minLength: 1, maxLength: 200 },
  },
  IfMatch: {
    name: "If-Match",
    in: "header",
    description:
      'The version that is changed, in place of the input\'s `version`: the ETag of an answer, or the version alone, as in `"3"`. Another is there by now: 412.',
    schema: { type: "string" },
  },
  IfNoneMatch: {
    name: "If-None-Match",
    in: "header",
    description: "The ETag of an answer that the caller has. It is still the same: 304, without a body.",
    schema: { type: "string" },
  },
} as const;

/** Writes where each member of an input is sent, and the headers that the operation reads. */
export function operationInput(book: SchemaBook, route: RestRoute, procedure: AnyProcedure): OperationInput {
  const nothing = (procedure.input as unknown) === NOTHING;
  const whole = nothing ? {} : book.write(procedure.input, "input", `${route.procedure} input`);
  const input = book.look(whole, "input");
  const example = procedure.example?.input;
  const inUrl = (field: RestField, place: "path" | "query") => parameter(field.name, place, input, route, memberOf(example, field.name));
  const parameters = [
    ...route.pathFields.map((field) => inUrl(field, "path")),
    ...route.queryFields.map((field) => inUrl(field, "query")),
    ...headersOf(route, procedure).map((name) => ({ $ref: PARAMETERS + name })),
  ];
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.takesBody ? { requestBody: requestBody(route, whole, input, example) } : {}),
  };
}

function headersOf(route: RestRoute, { type, idempotent }: AnyProcedure): (keyof typeof SHARED_PARAMETERS)[] {
  return [
    ...(type === "mutation" && idempotent ? (["IdempotencyKey"] as const) : []),
    ...(takesIfMatch(route) ? (["IfMatch"] as const) : []),
    ...(answersUnchanged(route) ? (["IfNoneMatch"] as const) : []),
  ];
}

/** Whether `If-Match` may replace the input's version. */
export function takesIfMatch({ takesVersion, method }: RestRoute): boolean {
  return takesVersion && method !== "GET";
}

/** Whether a caller that already has the answer gets 304. */
export function answersUnchanged({ method, answersVersion, cache }: RestRoute): boolean {
  return method === "GET" && (answersVersion || cache !== undefined);
}

function parameter(name: string, place: "path" | "query", input: SchemaJson, route: RestRoute, example: unknown): unknown {
  const { description, deprecated, ...schema } = (propertiesOf(input)[name] ?? {}) as SchemaJson;
  return {
    name,
    in: place,
    ...(place === "path" || isNeeded(name, input, route) ? { required: true } : {}),
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    schema,
    ...(example === undefined ? {} : { example }),
  };
}

/** The input without the members that the path has. A member that `If-Match` can give is optional. */
function requestBody(route: RestRoute, whole: SchemaJson, input: SchemaJson, example: unknown): unknown {
  const elsewhere = new Set(route.pathFields.map(({ name }) => name));
  const isWhole = elsewhere.size === 0 && !(takesIfMatch(route) && requiredOf(input).includes("version"));
  const content = {
    schema: isWhole ? whole : bodySchema(input, route, elsewhere),
    ...(example === undefined ? {} : { example: without(example, elsewhere) }),
  };
  return { required: true, content: { "application/json": content } };
}

function bodySchema(input: SchemaJson, route: RestRoute, elsewhere: ReadonlySet<string>): SchemaJson {
  const required = requiredOf(input).filter((name) => !elsewhere.has(name) && isNeeded(name, input, route));
  const { required: _required, properties: _properties, ...rest } = input;
  return { ...rest, properties: without(propertiesOf(input), elsewhere), ...(required.length === 0 ? {} : { required }) };
}

function isNeeded(name: string, input: SchemaJson, route: RestRoute): boolean {
  return requiredOf(input).includes(name) && !(name === "version" && takesIfMatch(route));
}

function propertiesOf(schema: SchemaJson): Readonly<Record<string, unknown>> {
  return (schema["properties"] ?? {}) as Record<string, unknown>;
}

function requiredOf(schema: SchemaJson): readonly string[] {
  return (schema["required"] ?? []) as readonly string[];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function without(value: unknown, names: ReadonlySet<string>): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.has(name)));
}
