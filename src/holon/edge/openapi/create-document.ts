import { type AnyProcedure, type Contract, type RestRoute, walkProcedures } from "../../contract/index.ts";
import { operationAnswers, operationInput, SHARED_HEADERS, SHARED_PARAMETERS } from "./operation.ts";
import { type NamedProcedure, ProblemBook } from "./problem-book.ts";
import { SchemaBook } from "./schema-book.ts";

/** The part of the OpenAPI document that describes the whole app. It is copied into the document unchanged. */
export interface ApiInfo {
  readonly title: string;
  /** The version of the public interface, such as `1.4.0`. */
  readonly version: string;
  /** A text that may use CommonMark. */
  readonly description?: string;
  readonly license?: { readonly name: string; readonly identifier?: string; readonly url?: string };
  readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string };
  readonly termsOfService?: string;
}

/** An OpenAPI 3.1 document: plain JSON. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: ApiInfo;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  /** Operations by path and method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: Readonly<Record<string, unknown>>;
}

/** The version of the specification that documents follow. */
const VERSION = "3.1.1";

/** The name of the bearer token in `security`. */
const BEARER = "bearer";

/** One operation of the document. */
interface Operation {
  readonly context: string;
  readonly route: RestRoute;
  readonly procedure: AnyProcedure;
}

/**
 * Writes the OpenAPI document of all REST routes of an app. The same contracts give the same document, whichever contexts this process hosts.
 *
 * Procedures without a `rest` line, internal ones and subscriptions are left out.
 * Errors: ContractError if two schemas have the same schema id.
 */
export function createOpenApiDocument(info: ApiInfo, contracts: readonly Contract[]): OpenApiDocument {
  const operations = contracts.flatMap(operationsOf);
  const schemas = new SchemaBook();
  const problems = new ProblemBook(
    schemas,
    operations.map(({ route, procedure }): NamedProcedure => [route.procedure, procedure]),
  );
  const written: Record<string, Record<string, unknown>> = {};
  for (const { context, route, procedure } of operations) {
    written[route.path] ??= {};
    (written[route.path] as Record<string, unknown>)[route.method.toLowerCase()] = {
      operationId: route.procedure,
      ...words(procedure),
      tags: [context],
      ...(procedure.deprecated ? { deprecated: true } : {}),
      security: security(procedure),
      ...operationInput(schemas, route, procedure),
      responses: operationAnswers(schemas, problems, route, procedure),
    };
  }
  const settled = schemas.settle({ paths: written, responses: problems.responses() });
  const { paths, responses } = settled.document;
  const used = JSON.stringify(paths);
  return {
    openapi: VERSION,
    info,
    servers: [{ url: "/" }],
    tags: contracts
      .filter(({ routes }) => routes.length > 0)
      .map(({ name, description }) => ({ name, ...(description === undefined ? {} : { description }) })),
    paths,
    components: {
      schemas: settled.schemas,
      responses,
      parameters: usedOnly(SHARED_PARAMETERS, used, "parameters"),
      headers: usedOnly(SHARED_HEADERS, used, "headers"),
      securitySchemes: { [BEARER]: { type: "http", scheme: "bearer", description: "A token in `Authorization: Bearer <token>`." } },
    },
  };
}

function operationsOf({ name, procedures, routes }: Contract): Operation[] {
  const byPath = new Map([...walkProcedures(procedures)].map(([path, procedure]) => [`${name}.${path}`, procedure]));
  return routes.map((route) => ({ context: name, route, procedure: byPath.get(route.procedure) as AnyProcedure }));
}

function usedOnly(components: Readonly<Record<string, unknown>>, text: string, kind: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(components).filter(([name]) => text.includes(`"#/components/${kind}/${name}"`)));
}

/** The first sentence of a description becomes the summary: a plain text that lists of operations show. */
function words({ description }: AnyProcedure): { readonly summary?: string; readonly description?: string } {
  if (description === undefined) return {};
  const [summary = description] = description.split(/(?<=[.;]) /);
  return { summary: summary.replace(/[.;]$/, "").replaceAll("`", ""), ...(summary === description ? {} : { description }) };
}

/** The required role is listed where other security schemes list scopes. The specification allows this. */
function security({ access }: AnyProcedure): readonly unknown[] {
  if (access === "public") return [];
  return [{ [BEARER]: typeof access === "object" ? [access.role] : [] }];
}
