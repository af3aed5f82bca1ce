import { ContractError } from "./contract-error.ts";
import { type AnyProcedure, NOTHING, type RestOptions } from "./procedure.ts";
import { parseRestLine, type RestMethod } from "./rest-line.ts";
import { type AnySchema, defOf, lazyInner, type SchemaDef } from "./schema-def.ts";

/**
 * A REST route of a contract as plain data: the source of each member of the input, and the parts of the answer.
 *
 * All code that answers, documents or calls by REST reads these routes and no other source.
 */
export interface RestRoute {
  /** The path of the procedure, with the name of the context first: `catalog.products.get`. */
  readonly procedure: string;
  readonly method: RestMethod;
  /** The path, such as `/products/{id}`. */
  readonly path: string;
  /** The members of the input that are in the path, in its order. */
  readonly pathFields: readonly RestField[];
  /** For GET and DELETE: all members of the input that the path does not name. */
  readonly queryFields: readonly RestField[];
  /**
   * Whether the JSON body is read: for POST, PUT and PATCH, unless there is no input or the path has all its members. The body is the input; members that the
   * path names are added to it.
   */
  readonly takesBody: boolean;
  /** Status of a success. */
  readonly status: number;
  /** Path of the created resource, with members of the answer, such as `/products/{id}`; undefined if no `Location` is sent. */
  readonly location: string | undefined;
  /** `Cache-Control` of a success. */
  readonly cache: string | undefined;
  /** Whether the answer has a `version`, which then becomes the first part of its ETag. */
  readonly answersVersion: boolean;
  /** Whether the input has a `version`, which `If-Match` sets if the request has no `version`. */
  readonly takesVersion: boolean;
}

/** Methods whose whole input is in the URL. */
const URL_METHODS: ReadonlySet<string> = new Set(["GET", "DELETE"]);

/**
 * Parses the `rest` lines of a contract's procedures.
 *
 * Shape: one route for each procedure that has a line, in the order of declaration. The paths of `procedures` begin with the context.
 * Errors: ContractError for a line that is malformed, that names a member which the input does not have, that cannot carry the input, that two procedures
 * share, or that belongs to a procedure which cannot be called from outside. Each names the procedure and the cure.
 */
export function parseRestRoutes(procedures: Iterable<readonly [path: string, procedure: AnyProcedure]>): readonly RestRoute[] {
  const declared = [...procedures].filter(([, { rest }]) => rest !== undefined);
  const routes = declared.map(([path, procedure]) => parseRoute(path, procedure));
  assertDistinctRoutes(routes);
  const byPath = new Map(declared);
  return routes.map((route) => withLocation(route, routes, byPath));
}

/** Checks that routes differ. Errors: ContractError if two routes have the same method and the same shape of path; it names both procedures. */
export function assertDistinctRoutes(routes: readonly RestRoute[]): void {
  const owners = new Map<string, string>();
  for (const { procedure, method, path } of routes) {
    const shape = `${method} ${path.replaceAll(/\{[^{}]*\}/g, "{}")}`;
    const owner = owners.get(shape);
    if (owner !== undefined) refuse(procedure, `its route ${method} ${path} is also that of ${owner}; give one of them another path`);
    owners.set(shape, procedure);
  }
}

function parseRoute(procedurePath: string, procedure: AnyProcedure): RestRoute {
  const options: RestOptions = typeof procedure.rest === "string" ? { route: procedure.rest } : (procedure.rest as RestOptions);
  if (procedure.access === "internal") refuse(procedurePath, "it is internal and has a route; leave out `rest`, or choose another access");
  if (procedure.type === "subscription")
    refuse(procedurePath, "it is a subscription and has a route; clients subscribe by tRPC, so leave out `rest`");
  const { method, path, parameters } = parseRestLine(procedurePath, options.route);
  checkMethod(procedurePath, procedure, method);
  const inUrl = URL_METHODS.has(method);
  const members = inputMembers(procedure.input as AnySchema);
  const pathFields = parameters.map((name) => pathField(procedurePath, name, members));
  const route = {
    procedure: procedurePath,
    ...{ method, path, pathFields },
    queryFields: inUrl ? queryFields(procedurePath, procedure, method, members, parameters) : [],
    // An object without members is an input too: `{}`.
    takesBody: !inUrl && procedure.input !== NOTHING && (parameters.length === 0 || Object.keys(members ?? {}).length > parameters.length),
    status: options.status ?? (procedure.output === NOTHING ? 204 : 200),
    location: options.location,
    cache: options.cache,
    answersVersion: isNumber(outputMembers(procedure)["version"]),
    takesVersion: !parameters.includes("version") && isNumber(members?.["version"]),
  };
  checkOptions(route, procedure, options);
  return route;
}

function checkMethod(where: string, { type }: AnyProcedure, method: RestMethod): void {
  // Browsers, proxies and crawlers repeat and prefetch requests whose method is safe.
  if (type === "query" && method !== "GET" && method !== "POST") {
    refuse(where, `it is a query and its route is ${method}; a query reads: use GET, or POST for an input that a URL cannot carry`);
  }
  if (type === "mutation" && method === "GET") refuse(where, "it is a mutation and its route is GET; use POST, PUT, PATCH or DELETE");
}

function pathField(where: string, name: string, members: Readonly<Record<string, AnySchema>> | undefined): RestField {
  const member = members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
  if (member === undefined) return refuse(where, `its route has {${name}}, which is not a member of the input; make the input an object that has it`);
  if (mayBeAbsent(member)) return refuse(where, `its route has {${name}}, which the input may leave out, but a path may not; make it required`);
  const field = toRestField(name, member);
  if (field === undefined || field.isList) {
    return refuse(where, `its route has {${name}}, which is neither text nor number nor boolean; a path carries one of them`);
  }
  return field;
}

function queryFields(
  where: string,
  procedure: AnyProcedure,
  method: RestMethod,
  members: Readonly<Record<string, AnySchema>> | undefined,
  parameters: readonly string[],
): readonly RestField[] {
  if (procedure.input === NOTHING) return [];
  if (members === undefined) return refuse(where, `its route is ${method}, whose input is in the URL; make the input an object`);
  return Object.entries(members)
    .filter(([name]) => !parameters.includes(name))
    .map(([name, member]) => {
      const problem = `input.${name} is neither text, number or boolean nor an array of them, and its route is ${method}`;
      return toRestField(name, member) ?? refuse(where, `${problem}, whose input is in the URL; flatten it, or use a POST`);
    });
}

function checkOptions(route: RestRoute, procedure: AnyProcedure, options: RestOptions): void {
  const { procedure: where, method, status } = route;
  if (!Number.isInteger(status) || status < 200 || status > 299 || status === 205 || status === 206) {
    refuse(where, `rest.status ${status} is not the status of a success; use 200, 201, 202 or 204`);
  }
  if (procedure.output === NOTHING && status !== 204 && status !== 202)
    refuse(where, `rest.status ${status} needs an output, and the procedure has none; use 204`);
  if (procedure.output !== NOTHING && status === 204) refuse(where, "rest.status 204 has no body, and it has an output; leave out the status");
  if (options.cache !== undefined) checkCache(where, procedure, method, options.cache);
  const missing = placeholders(options.location).find((name) => !isRequiredScalar(name, outputMembers(procedure)[name]));
  if (missing !== undefined) refuse(where, `rest.location has {${missing}}, which is not a text or number that every answer has`);
}

function checkCache(where: string, { access }: AnyProcedure, method: RestMethod, cache: string): void {
  if (method !== "GET") refuse(where, `rest.cache is for GET, and its route is ${method}; leave it out`);
  if (!/^[\w\-=, "]+$/.test(cache)) refuse(where, `rest.cache ${JSON.stringify(cache)} is not a Cache-Control; write it as in "public, max-age=60"`);
  if (access === "public" || /\b(?:private|no-store)\b/.test(cache)) return;
  refuse(where, 'rest.cache lets shared caches keep the answer, and its access is not public; write "private, ..."');
}

/** Adds status 201 and the location to a POST that makes a resource which a GET of the same contract returns. */
function withLocation(route: RestRoute, routes: readonly RestRoute[], procedures: ReadonlyMap<string, AnyProcedure>): RestRoute {
  const { type, output, rest } = procedures.get(route.procedure) as AnyProcedure;
  const { status = 201, location = undefined } = typeof rest === "object" ? rest : {};
  if (route.method !== "POST" || type === "query" || location !== undefined || status !== 201) return route;
  const id = inputMembers(output as AnySchema)?.["id"];
  if (!isRequiredScalar("id", id)) return route;
  const reader = routes.find(
    ({ method, path, pathFields, procedure }) =>
      method === "GET" &&
      pathFields.length === 1 &&
      pathFields[0]?.name === "id" &&
      (procedures.get(procedure)?.output === output || path === `${route.path}/{id}`),
  );
  return reader === undefined ? route : { ...route, status: 201, location: reader.path };
}

function outputMembers({ output }: AnyProcedure): Readonly<Record<string, AnySchema>> {
  return (output as unknown) === NOTHING ? {} : (inputMembers(output as AnySchema) ?? {});
}

function placeholders(template: string | undefined): readonly string[] {
  return [...(template ?? "").matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name as string);
}

function isNumber(schema: AnySchema | undefined): boolean {
  const field = schema === undefined ? undefined : toRestField("version", schema);
  return field !== undefined && !field.isList && field.kinds.includes("number");
}

function isRequiredScalar(name: string, schema: AnySchema | undefined): boolean {
  if (schema === undefined || mayBeAbsent(schema)) return false;
  const field = toRestField(name, schema);
  return field !== undefined && !field.isList;
}

function refuse(where: string, problem: string): never {
  throw new ContractError(where, problem);
}

/** The types as which a text of a URL may be read. */
export type TextKind = "string" | "number" | "boolean";

/** A member of an input that comes from the URL. */
export interface RestField {
  readonly name: string;
  /** The kinds that the contract accepts here. If numbers or booleans are accepted, a text that can be read as one is converted; all other texts stay text. */
  readonly kinds: readonly TextKind[];
  /** Whether the member is an array, which is written as the same parameter several times. */
  readonly isList: boolean;
}

/** The members of an input that is an object, as callers send it; undefined if it is not an object. */
export function inputMembers(schema: AnySchema): Readonly<Record<string, AnySchema>> | undefined {
  const object = withoutWrapping(schema);
  return defOf(object).type === "object" ? (defOf(object).shape ?? {}) : undefined;
}

/** Whether a member may be left out. */
export function mayBeAbsent(schema: AnySchema): boolean {
  return (schema._zod as { readonly optin?: unknown }).optin === "optional";
}

/** How a member is written in a URL; undefined if it cannot be written there. */
export function toRestField(name: string, schema: AnySchema): RestField | undefined {
  const inner = withoutWrapping(schema);
  const { type, element } = defOf(inner);
  const isList = type === "array";
  const kinds = new Set<TextKind>();
  if (!addKinds(isList ? (element as AnySchema) : inner, kinds, 0)) return undefined;
  return { name, kinds: [...kinds].sort(), isList };
}

const GREATEST_DEPTH = 16;

/**
 * Adds to `kinds` how a text of a URL may be read for a schema: as a string, a number or a boolean. False if the schema may accept a value that one text of a
 * URL cannot carry, such as an object.
 */
function addKinds(schema: AnySchema, kinds: Set<TextKind>, depth: number): boolean {
  if (depth > GREATEST_DEPTH) return false;
  const inner = withoutWrapping(schema);
  const def = defOf(inner);
  switch (def.type) {
    case "string":
    case "template_literal":
      kinds.add("string");
      return true;
    case "number":
    case "boolean":
      kinds.add(def.type);
      return true;
    case "enum":
    case "literal":
      for (const value of inner._zod.values ?? []) addValueKind(value, kinds);
      return true;
    case "null":
    case "never":
      return true;
    case "union":
      return (def.options ?? []).every((option) => addKinds(option, kinds, depth + 1));
    default:
      return false;
  }
}

function addValueKind(value: unknown, kinds: Set<TextKind>): void {
  const type = typeof value;
  if (type === "string" || type === "number" || type === "boolean") kinds.add(type);
}

/** The schema inside defaults, optionals and pipes. If a caller sends the member, its value must fit this schema. */
function withoutWrapping(schema: AnySchema): AnySchema {
  const inner = innerOf(schema, defOf(schema));
  return inner === undefined ? schema : withoutWrapping(inner);
}

function innerOf(schema: AnySchema, def: SchemaDef): AnySchema | undefined {
  if (def.type === "lazy") return lazyInner(schema);
  return def.type === "pipe" ? def.in : def.innerType;
}
