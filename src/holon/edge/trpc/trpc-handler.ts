import type { IncomingMessage, ServerResponse } from "node:http";
import { catalogueError, type HolonError, isHolonError } from "../../kernel/holon-error.ts";
import { Trace } from "../../kernel/trace.ts";
import type { EdgeDeps } from "../edge-deps.ts";
import { authenticateRequest } from "../http/authentication.ts";
import { parseCallHeaders } from "../http/call-headers.ts";
import { EdgeCall } from "../http/edge-call.ts";
import { HttpExchange } from "../http/http-exchange.ts";
import { checkInput, parseJsonText, RefusedInput } from "../http/json-input.ts";
import { mediaTypeRefusal, readBody } from "../http/request-body.ts";
import { headerText, malformedUrl } from "../http/request-text.ts";
import type { EdgeRoute } from "../http/route-table.ts";
import { type AnswerWriter, BatchAnswer, CallGroup, JsonlAnswer, SingleAnswer } from "./json-answer.ts";
import { SseAnswer } from "./sse-answer.ts";
import { withLastEventId } from "./sse-frames.ts";
import { hasEmptySegment, parseTrpcUrl, type TrpcUrl, URL_LENGTH } from "./trpc-url.ts";

/**
 * Answers one request below `/trpc/` from Node's own request and response.
 *
 * tRPC's adapters build a Request, a Response and web streams for each call, which takes 340-400 us of CPU. Writing a string needs none of them.
 */
export function handleTrpc(deps: EdgeDeps, prefixLength: number, request: IncomingMessage, response: ServerResponse): void {
  const exchange = new HttpExchange(deps, request, response);
  const rawUrl = request.url ?? "";
  if (rawUrl.length > URL_LENGTH) {
    exchange.sendError(catalogueError("PAYLOAD_TOO_LARGE", `The URL is over the limit of ${URL_LENGTH} characters.`));
    return;
  }
  const url = parseTrpcUrl(rawUrl, prefixLength);
  if (url === undefined) {
    exchange.sendError(malformedUrl());
    return;
  }
  switch (request.method) {
    case "GET":
      answer(exchange, url, url.input);
      return;
    case "POST":
      receive(exchange, url);
      return;
    case "HEAD":
      response.writeHead(204, [...deps.security.ofData]);
      response.end();
      return;
    default:
      exchange.sendError(catalogueError("METHOD_NOT_SUPPORTED", "Send queries with GET and mutations with POST."), undefined, ["allow", "GET, POST"]);
  }
}

function receive(exchange: HttpExchange, url: TrpcUrl): void {
  const refusal = mediaTypeRefusal(exchange.request.headers);
  if (refusal !== undefined) {
    exchange.sendError(refusal);
    return;
  }
  readBody(exchange.request, exchange.deps.limits.bodyBytes, {
    read: (body) => answer(exchange, url, body),
    refused: (error) => exchange.sendError(error),
  });
}

function answer(exchange: HttpExchange, url: TrpcUrl, text: string | undefined): void {
  const { deps, request } = exchange;
  const { limits } = deps;
  const paths = url.batch ? url.path.split(",") : [url.path];
  const fault = requestFault(exchange, url, paths);
  if (fault !== undefined) return exchange.sendError(fault);
  if (paths.every((path) => deps.routes.find(path) === undefined)) exchange.countRefusal();
  const stream = url.batch ? undefined : deps.routes.find(url.path);
  if (stream?.target.procedure.type === "subscription" && stream.method === request.method) return subscribe(exchange, url, stream);
  const headers = parseCallHeaders(request.headers, paths.length);
  if (isHolonError(headers)) return exchange.sendError(headers);
  const parsed = parseInputs(url, text);
  if (parsed instanceof RefusedInput) return exchange.sendError(parsed.error);

  const writer = createWriter(exchange, url, paths.length);
  const group = new CallGroup(paths.length, limits.batchConcurrencyCount, writer);
  exchange.onAbort = group;
  const nowMs = deps.clock.monotonicMs();
  const trace = deps.traces.from(request.headers.traceparent as string | undefined);
  paths.forEach((path, index) => {
    const input = parsed[index];
    group.calls.push(
      new EdgeCall(
        deps,
        group,
        {
          index,
          path,
          route: deps.routes.find(path),
          input,
          key: headers.keys[index],
          deadlineMs: Math.min(headers.deadlinesMs[index] ?? limits.deadlineMs, limits.greatestDeadlineMs),
          trace: index === 0 ? trace : new Trace(trace.traceId, trace.parentSpanId, trace.sampled),
        },
        nowMs,
      ),
    );
  });
  for (const call of group.calls) {
    const refusal = callRefusal(exchange, call);
    if (refusal !== undefined) call.refuse(refusal);
  }
  authenticateRequest(exchange, url, group, paths.length);
}

function subscribe(exchange: HttpExchange, url: TrpcUrl, route: EdgeRoute): void {
  const lastEventId = readLastEventId(exchange, url);
  if (isHolonError(lastEventId)) return exchange.sendError(lastEventId);
  const parsed = parseJsonText(url.input);
  const input = parsed instanceof RefusedInput ? undefined : withLastEventId(parsed, lastEventId);
  const refusal = parsed instanceof RefusedInput ? parsed.error : checkInput(input, exchange.deps.limits);
  const stream = new SseAnswer(exchange, route, input, lastEventId);
  if (refusal === undefined) return authenticateRequest(exchange, url, stream);
  exchange.countRefusal();
  stream.refuse(refusal);
}

function readLastEventId({ request }: HttpExchange, url: TrpcUrl): string | undefined | HolonError {
  const header = request.headers["last-event-id"];
  try {
    return header === undefined ? url.lastEventId : headerText("last-event-id", String(header));
  } catch (error) {
    return error as HolonError;
  }
}

/** The error if the request as a whole is refused, so that none of its calls runs. */
function requestFault({ deps, request }: HttpExchange, url: TrpcUrl, paths: readonly string[]): HolonError | undefined {
  if (paths.length > deps.limits.batchCount) {
    return catalogueError("BAD_REQUEST", `A batch holds at most ${deps.limits.batchCount} calls (limits.batchCount).`);
  }
  if (paths.some((path) => deps.routes.find(path) === undefined && hasEmptySegment(path))) {
    return catalogueError("BAD_REQUEST", "The path has an empty segment.");
  }
  if (!url.batch && wantsJsonl(request)) {
    return catalogueError("BAD_REQUEST", "Streaming requests must be batched (you can do a batch of 1)");
  }
  return undefined;
}

/** The inputs of the calls, by position. */
function parseInputs(url: TrpcUrl, text: string | undefined): ArrayLike<unknown> | RefusedInput {
  const parsed = parseJsonText(text);
  if (parsed instanceof RefusedInput) return parsed;
  if (!url.batch) return [parsed];
  if (parsed === undefined) return [];
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return new RefusedInput(catalogueError("BAD_REQUEST", '"input" needs to be an object when doing a batch call'));
  }
  return parsed as ArrayLike<unknown>;
}

/** The error if this call is refused. The other calls of the request are run. */
function callRefusal({ deps, request }: HttpExchange, call: EdgeCall): HolonError | undefined {
  const { route } = call;
  if (route === undefined) return undefined;
  if (route.method !== request.method) {
    const { type } = route.target.procedure;
    return catalogueError("METHOD_NOT_SUPPORTED", `Unsupported ${request.method}-request to ${type} procedure at path "${call.path}"`);
  }
  if (route.target.procedure.type === "subscription") return catalogueError("BAD_REQUEST", "Cannot batch subscription calls");
  return checkInput(call.input, deps.limits);
}

function createWriter(exchange: HttpExchange, url: TrpcUrl, callCount: number): AnswerWriter {
  if (!url.batch) return new SingleAnswer(exchange);
  if (!wantsJsonl(exchange.request)) return new BatchAnswer(exchange);
  const writer = new JsonlAnswer(exchange, callCount);
  writer.begin();
  return writer;
}

function wantsJsonl(request: IncomingMessage): boolean {
  const own = request.headers["trpc-accept"];
  if (own !== undefined) return own === "application/jsonl";
  return request.headers.accept?.split(",").some((type) => type.trim() === "application/jsonl") === true;
}
