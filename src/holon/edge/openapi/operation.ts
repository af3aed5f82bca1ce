import { STATUS_CODES } from "node:http";
import { type AnyProcedure, NOTHING, type RestField, type RestRoute } from "../../contract/index.ts";
import { type CatalogueCode, ERROR_CATALOGUE } from "../../kernel/error-catalogue.ts";
import { declaredErrors, type ListedError, type ProblemBook } from "./problem-book.ts";
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
    description:
      "A random text that the caller chooses. If the same request is sent again with the same key, it gets the first answer again and has no second effect.",
    schema: { type: "string", minLength: 1, maxLength: 200 },
  },
  IfMatch: {
    name: "If-Match",
    in: "header",
    description:
      'The version that the caller wants to change, in place of the input\'s `version`: the ETag of an answer, or the version alone, as in `"3"`. If the row has another version by now, the answer is 412.',
    schema: { type: "string" },
  },
  IfNoneMatch: {
    name: "If-None-Match",
    in: "header",
    description: "The ETag of an answer that the caller has. If the answer is still the same, the status is 304, without a body.",
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
function takesIfMatch({ takesVersion, method }: RestRoute): boolean {
  return takesVersion && method !== "GET";
}

/** Whether a caller that already has the answer gets 304. */
function answersUnchanged({ method, answersVersion, cache }: RestRoute): boolean {
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

/** The body: the input without the members that are in the path. The version is optional if `If-Match` can give it. */
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

/** The headers that answers share, by the name of their component. */
export const SHARED_HEADERS = {
  ETag: {
    description: "Names this version of the answer: send it as `If-None-Match`, or as `If-Match` to change just this version.",
    schema: { type: "string" },
  },
  Location: { description: "The address of what was created.", schema: { type: "string", format: "uri-reference" } },
} as const;

/**
 * All answers of an operation by status.
 *
 * Lists the errors that follow from the contract of the procedure. `default` covers the rest of the catalogue.
 */
export function operationAnswers(schemas: SchemaBook, problems: ProblemBook, route: RestRoute, procedure: AnyProcedure): unknown {
  const byStatus = new Map<number, ListedError[]>();
  for (const error of errorsOf(route, procedure)) byStatus.set(error.status, [...(byStatus.get(error.status) ?? []), error]);
  const failures = [...byStatus].sort(([one], [two]) => one - two).map(([status, errors]) => [status, problems.response(route.procedure, errors)]);
  return {
    [route.status]: success(schemas, route, procedure),
    ...(answersUnchanged(route) ? { 304: { description: "The caller has this answer already." } } : {}),
    ...Object.fromEntries(failures),
    ...(takesIfMatch(route) ? { 412: problems.stale } : {}),
    default: problems.fault,
  };
}

function success(schemas: SchemaBook, route: RestRoute, procedure: AnyProcedure): unknown {
  const description = STATUS_CODES[route.status] as string;
  const headers = {
    // The answer to a PUT has no ETag, because the row is not kept as it was sent (RFC 9110, 9.3.4).
    ...(answersUnchanged(route) || (route.answersVersion && route.method !== "PUT") ? { ETag: header("ETag") } : {}),
    ...(route.location === undefined ? {} : { Location: header("Location") }),
    ...(route.cache === undefined
      ? {}
      : { "Cache-Control": { description: "How long caches may keep the answer.", schema: { type: "string", const: route.cache } } }),
  };
  if ((procedure.output as unknown) === NOTHING) return { description };
  const example = procedure.example?.output;
  const content = {
    schema: schemas.write(procedure.output, "output", `${route.procedure} output`),
    ...(example === undefined ? {} : { example }),
  };
  return { description, ...(Object.keys(headers).length === 0 ? {} : { headers }), content: { "application/json": content } };
}

function header(name: keyof typeof SHARED_HEADERS): unknown {
  return { $ref: `#/components/headers/${name}` };
}

/** Declared errors come before those of the catalogue. A declared error replaces the error of the catalogue that has the same code. */
function errorsOf(route: RestRoute, procedure: AnyProcedure): ListedError[] {
  const declared = declaredErrors(procedure);
  const statuses = new Set([...declared.map(({ status }) => status), ...commonStatuses(route, procedure)]);
  const common = Object.entries(ERROR_CATALOGUE).filter(
    ([code, { status }]) => statuses.has(status) && !declared.some((error) => error.code === code),
  );
  return [...declared, ...common.map(([code, { status }]) => ({ code, status }))];
}

/**
 * The statuses of errors that any operation of this kind may answer with. All codes of the catalogue with such a status are listed, because a context may
 * pass on the error of a context that it calls.
 */
function commonStatuses(route: RestRoute, { access, type, idempotent }: AnyProcedure): number[] {
  const isMutation = type === "mutation";
  const codes: CatalogueCode[] = [
    // A malformed header is refused everywhere, and so is an invalid token.
    ...(["BAD_REQUEST", "UNAUTHORIZED"] as const),
    ...(access === "public" ? [] : (["FORBIDDEN"] as const)),
    ...(route.pathFields.length > 0 ? (["NOT_FOUND"] as const) : []),
    ...(isMutation ? (["CONFLICT"] as const) : []),
    ...(isMutation && idempotent ? (["KEY_REUSED"] as const) : []),
  ];
  return codes.map((code) => ERROR_CATALOGUE[code].status);
}
