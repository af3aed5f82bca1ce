import { ContractError } from "./contract-error.ts";

/** The methods of REST routes. HEAD and OPTIONS are answered without a declaration. */
export type RestMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Method and path, such as `GET /products/{id}`; `{id}` is a member of the input. */
export type RestLine = `${RestMethod} /${string}`;

/** The parts of a {@link RestLine}. */
export interface ParsedRestLine {
  readonly method: RestMethod;
  /** The path, such as `/products/{id}`. */
  readonly path: string;
  /** Names of the members that are in the path, in the order of the path. */
  readonly parameters: readonly string[];
}

/** First segments of paths that the toolkit answers itself. */
export const RESERVED_SEGMENTS: readonly string[] = ["trpc", "healthz", "readyz", "docs", "openapi.json", "assets"];

const LINE = /^(GET|POST|PUT|PATCH|DELETE) (\/\S*)$/;
const SEGMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._~-]*[A-Za-z0-9])?$/;
const PARAMETER = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/**
 * Parses a `rest` line.
 *
 * Errors: ContractError that names the procedure, the fault, and the right form.
 */
export function parseRestLine(where: string, line: string): ParsedRestLine {
  const [, method, path] = LINE.exec(line) ?? [];
  if (method === undefined || path === undefined) {
    throw new ContractError(where, `its route ${JSON.stringify(line)} is not a method and a path; write it as in "GET /products/{id}"`);
  }
  const segments = path.slice(1).split("/");
  const parameters: string[] = [];
  for (const segment of segments) {
    const parameter = PARAMETER.exec(segment)?.[1];
    if (parameter === undefined && !SEGMENT.test(segment)) {
      throw new ContractError(where, `its route ${path} has the segment "${segment}"; a segment is letters, digits, ".", "_", "~", "-", or {member}`);
    }
    if (parameter === undefined) continue;
    if (parameters.includes(parameter)) throw new ContractError(where, `its route ${path} has {${parameter}} twice; name each member once`);
    parameters.push(parameter);
  }
  const [first = ""] = segments;
  if (PARAMETER.test(first))
    throw new ContractError(where, `its route ${path} begins with a member, which would answer every path; begin with a word`);
  if (RESERVED_SEGMENTS.includes(first))
    throw new ContractError(where, `its route begins with /${first}, which the toolkit answers; choose another path`);
  return { method: method as RestMethod, path, parameters };
}
