import { STATUS_CODES } from "node:http";
import { type AnyProcedure, NOTHING, type RestRoute } from "../../contract/index.ts";
import { type CatalogueCode, ERROR_CATALOGUE } from "../../kernel/error-catalogue.ts";
import { answersUnchanged, takesIfMatch } from "./operation-input.ts";
import { declaredErrors, type ListedError, type ProblemBook } from "./problem-book.ts";
import type { SchemaBook } from "./schema-book.ts";

/** The headers that answers share, by the name of their component. */
export const SHARED_HEADERS = {
  ETag: {
    description: "Names this version of the answer: send it as `If-None-Match`, or as `If-Match` to change just this version.",
    schema: { type: "string" },
  },
  Location: { description: "Where to find what was made.", schema: { type: "string", format: "uri-reference" } },
} as const;

/**
 * All answers of an operation by status.
 *
 * It lists the errors that follow from the contract of the procedure. `default` covers the rest of the catalogue.
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
    // The answer to a PUT has none, because the row is not kept as it was sent (RFC 9110, 9.3.4).
    ...(answersUnchanged(route) || (route.answersVersion && route.method !== "PUT") ? { ETag: header("ETag") } : {}),
    ...(route.location === undefined ? {} : { Location: header("Location") }),
    ...(route.cache === undefined
      ? {}
      : { "Cache-Control": { description: "How long it may be kept.", schema: { type: "string", const: route.cache } } }),
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

/** Declared errors come before those of the catalogue. A declared error with details replaces that of the catalogue. */
function errorsOf(route: RestRoute, procedure: AnyProcedure): ListedError[] {
  const declared = declaredErrors(procedure);
  const statuses = new Set([...declared.map(({ status }) => status), ...commonStatuses(route, procedure)]);
  const common = Object.entries(ERROR_CATALOGUE).filter(
    ([code, { status }]) => statuses.has(status) && !declared.some((error) => error.code === code),
  );
  return [...declared, ...common.map(([code, { status }]) => ({ code, status }))];
}

/** A context may pass on the error of a context that it calls, so all codes of a status are listed together. */
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
