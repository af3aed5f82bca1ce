import createClient, { type Client } from "openapi-fetch";
import { brokenPromise, type WrittenDocument, type WrittenOperation } from "../openapi/document.ts";
import type { EdgeOptions } from "./edge-client.ts";
import { type RestClient, RestProblem } from "./rest-client.ts";

/** The path and method of an operation. */
interface Place {
  readonly method: "get" | "post";
  readonly path: string;
  readonly operation: WrittenOperation;
}

/** What the client knows of an edge: only its OpenAPI document. */
interface Known {
  readonly document: WrittenDocument;
  readonly places: ReadonlyMap<string, Place>;
}

// biome-ignore lint/suspicious/noExplicitAny: the cases call by path, and a client with `any` as its paths accepts every path
type AnyClient = Client<any>;

const known = new Map<string, Promise<Known>>();

/**
 * Makes a client of an edge from the document that the edge serves: openapi-fetch, with the paths and the places of parameters from the document.
 *
 * A call fails if the document does not promise its answer.
 */
export function generatedClient(url: string, { as, headers = {} }: EdgeOptions = {}): RestClient {
  const client: AnyClient = createClient({ baseUrl: url, headers: { ...(as === undefined ? {} : { authorization: as }), ...headers } });
  const call: RestClient["query"] = async (name, input, { signal } = {}) => {
    const { document, places } = await read(url);
    const place = places.get(name);
    const init = { ...argumentsOf(place?.operation, input), ...(signal === undefined ? {} : { signal }) };
    const path = place?.path ?? `/${name.replaceAll(".", "/")}`;
    const { data, error, response } = await (place?.method === "post" ? client.POST(path, init) : client.GET(path, init));
    const broken = place && brokenPromise(document, place.operation, response, error ?? data);
    if (broken !== undefined) throw new TypeError(broken);
    if (error !== undefined) throw new RestProblem(error);
    return data;
  };
  return { query: call, mutation: call };
}

function argumentsOf(operation: WrittenOperation | undefined, input: unknown): object {
  if (operation?.requestBody !== undefined) return { body: input, headers: { "content-type": "application/json" } };
  const inQuery = operation?.parameters?.some((parameter) => parameter.in === "query") === true;
  return inQuery ? { params: { query: input } } : {};
}

function read(url: string): Promise<Known> {
  const reading = known.get(url) ?? readDocument(url);
  known.set(url, reading);
  return reading;
}

async function readDocument(url: string): Promise<Known> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as WrittenDocument;
  const places = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [operation.operationId, { method, path, operation } as Place] as const),
  );
  return { document, places: new Map(places) };
}
