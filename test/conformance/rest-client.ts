import type { RestRoute } from "holon/contract";
import { contracts } from "./app/contracts/index.ts";
import type { EdgeOptions } from "./edge-client.ts";

/** A refusal as REST tells it. */
interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly details?: unknown;
  readonly issues?: unknown;
  readonly errorId?: unknown;
}

/** What a client of REST makes of problem details. */
export class RestProblem extends Error {
  readonly code: string;
  readonly httpStatus: number;
  readonly details: unknown;

  constructor({ status, detail, code, details, issues, errorId }: Problem) {
    super(detail);
    this.code = code;
    this.httpStatus = status;
    this.details = issues === undefined ? (errorId === undefined ? details : { errorId }) : { issues };
  }
}

/** Calls procedures by path through their REST routes: of a tRPC client what the cases use of it. */
export interface RestClient {
  query(path: string, input?: unknown, options?: { readonly signal?: AbortSignal }): Promise<unknown>;
  mutation(path: string, input?: unknown, options?: { readonly signal?: AbortSignal }): Promise<unknown>;
}

const ROUTES: ReadonlyMap<string, RestRoute> = new Map(
  Object.values(contracts).flatMap(({ routes }) => routes.map((route) => [route.procedure, route] as const)),
);

/** Makes a client of an edge's REST routes. A procedure without one is asked for where its route would be. */
export function restClient(url: string, { as, headers = {} }: EdgeOptions = {}): RestClient {
  const call: RestClient["query"] = async (path, input, { signal } = {}) => {
    const { method, path: place, queryFields } = ROUTES.get(path) ?? { method: "GET", path: `/${path.replaceAll(".", "/")}`, queryFields: [] };
    const isPost = method === "POST";
    const search = isPost || queryFields.length === 0 ? "" : `?${searchOf(input as Record<string, unknown>)}`;
    const response = await fetch(url + place + search, {
      method,
      headers: { ...(isPost ? { "content-type": "application/json" } : {}), ...(as === undefined ? {} : { authorization: as }), ...headers },
      ...(isPost && input !== undefined ? { body: JSON.stringify(input) } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    const answer: unknown = text === "" ? undefined : JSON.parse(text);
    if (!response.ok) throw new RestProblem(answer as Problem);
    return answer;
  };
  return { query: call, mutation: call };
}

function searchOf(input: Readonly<Record<string, unknown>> = {}): string {
  const pairs = Object.entries(input).filter(([, value]) => value !== undefined);
  return new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)])).toString();
}
