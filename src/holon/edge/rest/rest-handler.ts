import { catalogueError, isHolonError } from "../../kernel/index.ts";
import { authenticateRequest } from "../http/authentication.ts";
import { parseCallHeaders } from "../http/call-headers.ts";
import { EdgeCall } from "../http/edge-call.ts";
import { type Exchange, hasBody } from "../http/exchange.ts";
import { checkInput, parseJsonText, RefusedInput, refusedInput } from "../http/json-input.ts";
import { mediaTypeRefusal } from "../http/media-type.ts";
import { readBody } from "../http/request-body.ts";
import { URL_LENGTH } from "../trpc/trpc-url.ts";
import { parseIfMatch, versionOf } from "./entity-tag.ts";
import type { FoundPath } from "./path-tree.ts";
import { sendProblem } from "./problem-answer.ts";
import { RestAnswer } from "./rest-answer.ts";
import type { RestEndpoint, RestResource } from "./rest-table.ts";

/** A request that has found its endpoint. */
interface RestRequest {
  readonly exchange: Exchange;
  readonly endpoint: RestEndpoint;
  /** Of the path, still percent-encoded. */
  readonly texts: readonly string[];
}

/**
 * Answers one request of a REST route from Node's own request and response.
 *
 * The call is the very one that tRPC makes: same function, same access, same limits, same errors. Only how the input is put together and how the
 * answer is written differ.
 */
export function handleRest(exchange: Exchange, { value: resource, texts }: FoundPath<RestResource>): void {
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
  // A page of another site can send a POST that has a body of its choice, or none; it cannot name the content type without asking first.
  if (endpoint.route.takesBody || (method === "POST" && headers["content-type"] !== undefined)) {
    const refusal = mediaTypeRefusal(headers);
    if (refusal !== undefined) return sendProblem(exchange, refusal);
  }
  if (!endpoint.route.takesBody && !isBodiless) {
    return sendProblem(exchange, refusedInput("", "unexpected_body", `${method} takes no body here`).error);
  }
  if (isBodiless) return answer(request, undefined);
  readBody(exchange.request, exchange.parts.limits.bodyBytes, {
    read: (body) => answer(request, body),
    refused: (error) => sendProblem(exchange, error),
  });
}

function answer(request: RestRequest, text: string | undefined): void {
  const { exchange, endpoint } = request;
  const { parts } = exchange;
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
    parts,
    new RestAnswer(exchange, endpoint, version),
    {
      // No spread, and in the order of tRPC's handler: what is made for every call has one shape.
      index: 0,
      path: endpoint.route.procedure,
      route: endpoint.call,
      input,
      key: said.keys[0],
      deadlineMs: Math.min(said.deadlinesMs[0] ?? parts.limits.deadlineMs, parts.limits.greatestDeadlineMs),
      trace: parts.traces.from(headers.traceparent as string | undefined),
    },
    parts.clock.monotonicMs(),
  );
  exchange.asked = call;
  authenticateRequest(exchange, { connectionParams: undefined }, call);
}

function readInput({ exchange, endpoint, texts }: RestRequest, text: string | undefined): unknown | RefusedInput {
  const body = parseJsonText(text);
  if (body instanceof RefusedInput) return body;
  // Before anything is added to it: what a body holds must not pass for what we put there.
  const refusal = checkInput(body, exchange.parts.limits);
  if (refusal !== undefined) return new RefusedInput(refusal);
  const input = endpoint.input.read(texts, exchange.request.url as string, body);
  if (input instanceof RefusedInput || (endpoint.route.takesBody && texts.length === 0)) return input;
  const whole = checkInput(input, exchange.parts.limits);
  return whole === undefined ? input : new RefusedInput(whole);
}

/**
 * Puts the version of `If-Match` where the contract has one.
 *
 * Shape: the version that was put there; undefined for none; "none" where no row can match. A condition that nobody would check is refused, not
 * overlooked: who sends it relies on it.
 */
function fillVersion({ exchange, endpoint }: RestRequest, input: unknown): number | "none" | undefined | RefusedInput {
  const header = exchange.request.headers["if-match"];
  const { method, takesVersion, procedure } = endpoint.route;
  if (header === undefined || method === "GET") return undefined;
  if (!takesVersion) return refusedInput("if-match", "invalid_header", `${procedure} takes no version`);
  const wanted = parseIfMatch(header);
  if (wanted === "any") return undefined;
  if (wanted === "several") return refusedInput("if-match", "invalid_header", "name the one version that is to be changed");
  if (wanted === undefined) return "none";
  const object = input as { version?: unknown } | undefined;
  const own = versionOf(object);
  if (own !== undefined && own !== wanted.version) return refusedInput("version", "contradiction", "If-Match says another");
  if (typeof object === "object" && object !== null && !Array.isArray(object)) object.version ??= wanted.version;
  return wanted.version;
}
