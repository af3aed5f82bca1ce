import { catalogueError, isHolonError } from "../../kernel/holon-error.ts";
import { authenticateRequest } from "../http/authentication.ts";
import { parseCallHeaders } from "../http/call-headers.ts";
import { EdgeCall } from "../http/edge-call.ts";
import { type HttpExchange, hasBody } from "../http/http-exchange.ts";
import { checkInput, parseJsonText, RefusedInput, refusedInput } from "../http/json-input.ts";
import { mediaTypeRefusal, readBody } from "../http/request-body.ts";
import { URL_LENGTH } from "../trpc/trpc-url.ts";
import { parseIfMatch, versionOf } from "./entity-tag.ts";
import { RestAnswer, sendProblem } from "./rest-answer.ts";
import type { FoundPath, RestEndpoint, RestResource } from "./rest-table.ts";

/** A request and its endpoint. */
interface RestRequest {
  readonly exchange: HttpExchange;
  readonly endpoint: RestEndpoint;
  /** The texts that the path has in place of the route's `{name}` parts, still percent-encoded. */
  readonly texts: readonly string[];
}

/**
 * Answers one request of a REST route from Node's own request and response.
 *
 * The call is the same as with tRPC: it has the same function, access, limits and errors. Only the making of the input and the writing of the answer
 * differ.
 */
export function handleRest(exchange: HttpExchange, { value: resource, texts }: FoundPath<RestResource>): void {
  const { method = "", url = "" } = exchange.request;
  if (url.length > URL_LENGTH) {
    return sendProblem(exchange, catalogueError("PAYLOAD_TOO_LARGE", `The URL is over the limit of ${URL_LENGTH} characters.`));
  }
  const endpoint = resource.endpoint(method);
  if (endpoint !== undefined) return receive({ exchange, endpoint, texts });
  if (method === "OPTIONS") return exchange.send(204, ["allow", resource.allow, ...exchange.commonHeaders()], undefined);
  const problem = catalogueError("METHOD_NOT_SUPPORTED", `This path takes ${resource.allow}.`);
  return sendProblem(exchange, problem, ["allow", resource.allow]);
}

function receive(request: RestRequest): void {
  const { exchange, endpoint } = request;
  const { headers, method } = exchange.request;
  const isBodiless = !hasBody(headers);
  // A page of another site can send a POST with any body, or none. It can set the content type of JSON only after a preflight request.
  if (endpoint.route.takesBody || (method === "POST" && headers["content-type"] !== undefined)) {
    const refusal = mediaTypeRefusal(headers);
    if (refusal !== undefined) return sendProblem(exchange, refusal);
  }
  if (!endpoint.route.takesBody && !isBodiless) {
    return sendProblem(exchange, refusedInput("", "unexpected_body", `${method} takes no body here`).error);
  }
  if (isBodiless) return answer(request, undefined);
  readBody(exchange.request, exchange.deps.limits.bodyBytes, {
    read: (body) => answer(request, body),
    refused: (error) => sendProblem(exchange, error),
  });
}

function answer(request: RestRequest, text: string | undefined): void {
  const { exchange, endpoint } = request;
  const { deps } = exchange;
  const { headers } = exchange.request;
  const said = parseCallHeaders(headers, 1);
  if (isHolonError(said)) return sendProblem(exchange, said);
  const input = readInput(request, text);
  if (input instanceof RefusedInput) return sendProblem(exchange, input.error);
  const version = fillVersion(request, input);
  if (version instanceof RefusedInput) return sendProblem(exchange, version.error);
  if (version === "none") {
    return sendProblem(exchange, catalogueError("CONFLICT", "If-Match names no version that the row can have.", { status: 412 }));
  }

  const call = new EdgeCall(
    deps,
    new RestAnswer(exchange, endpoint, version),
    {
      // Written without a spread, and in the order of tRPC's handler, so that all objects made for calls have one shape.
      index: 0,
      path: endpoint.route.procedure,
      route: endpoint.call,
      input,
      key: said.keys[0],
      deadlineMs: Math.min(said.deadlinesMs[0] ?? deps.limits.deadlineMs, deps.limits.greatestDeadlineMs),
      trace: deps.traces.from(headers.traceparent as string | undefined),
    },
    deps.clock.monotonicMs(),
  );
  exchange.onAbort = call;
  authenticateRequest(exchange, { connectionParams: undefined }, call);
}

function readInput({ exchange, endpoint, texts }: RestRequest, text: string | undefined): unknown | RefusedInput {
  const body = parseJsonText(text);
  if (body instanceof RefusedInput) return body;
  // The body is checked before the values of the path are added to it, because after that they cannot be distinguished from members that the client sent.
  const refusal = checkInput(body, exchange.deps.limits);
  if (refusal !== undefined) return new RefusedInput(refusal);
  const input = endpoint.input.read(texts, exchange.request.url as string, body);
  if (input instanceof RefusedInput || (endpoint.route.takesBody && texts.length === 0)) return input;
  const whole = checkInput(input, exchange.deps.limits);
  return whole === undefined ? input : new RefusedInput(whole);
}

/**
 * Puts the version of `If-Match` into the member that the contract has for it.
 *
 * Shape: the version of `If-Match`; "none" if no row can match; undefined if no version is asked for: there is no `If-Match`, it is `*`, or the request is
 * a GET. If the procedure takes no version, the condition is refused, not ignored, because the client relies on it.
 */
function fillVersion({ exchange, endpoint }: RestRequest, input: unknown): number | "none" | undefined | RefusedInput {
  const header = exchange.request.headers["if-match"];
  const { method, takesVersion, procedure } = endpoint.route;
  if (header === undefined || method === "GET") return undefined;
  if (!takesVersion) return refusedInput("if-match", "invalid_header", `${procedure} takes no version`);
  const wanted = parseIfMatch(header);
  if (wanted === "any") return undefined;
  if (wanted === "several") return refusedInput("if-match", "invalid_header", "name exactly one version");
  if (wanted === undefined) return "none";
  const object = input as { version?: unknown } | undefined;
  const own = versionOf(object);
  if (own !== undefined && own !== wanted.version) return refusedInput("version", "contradiction", "it differs from the version in If-Match");
  if (typeof object === "object" && object !== null && !Array.isArray(object)) object.version ??= wanted.version;
  return wanted.version;
}
