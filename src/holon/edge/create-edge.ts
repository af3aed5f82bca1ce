import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { catalogueError, type HolonError } from "../kernel/holon-error.ts";
import type { Limits } from "../kernel/limits.ts";
import { TimerEntry } from "../kernel/timers.ts";
import { addAppRoutes } from "./app-routes/add-app-routes.ts";
import type { CreateEdgeDeps, Edge } from "./edge.ts";
import type { EdgeDeps } from "./edge-deps.ts";
import { answerClientFault } from "./http/client-fault.ts";
import { EdgeRequest } from "./http/edge-request.ts";
import { errorHeader } from "./http/error-body.ts";
import { ErrorBoundary } from "./http/error-boundary.ts";
import { addFaultAnswers, addHealthRoutes, sendFault } from "./http/fastify-answers.ts";
import { HttpExchange } from "./http/http-exchange.ts";
import { AnswerEnds, InFlight, SseStreams } from "./http/in-flight.ts";
import { CorsPolicy, crossSiteRefusal } from "./http/origin-policy.ts";
import { SecurityHeaders, stripInternalHeaders } from "./http/public-headers.ts";
import { malformedUrl, percentDecoded } from "./http/request-text.ts";
import { RouteTable } from "./http/route-table.ts";
import { TraceStart } from "./http/trace-start.ts";
import { TrustedProxies } from "./http/trusted-proxies.ts";
import { RateGate } from "./rates/rate-gate.ts";
import { StreamGate } from "./rates/stream-gate.ts";
import { sendProblem } from "./rest/rest-answer.ts";
import { handleRest } from "./rest/rest-handler.ts";
import { RestTable } from "./rest/rest-table.ts";
import { handleTrpc } from "./trpc/trpc-handler.ts";

const TRPC_PREFIX = "/trpc/";

/** The most bytes of the request line and all headers together. The URL's own limit is smaller. */
const HEADER_BYTES = 24 * 1024;

/**
 * Opens the public port: tRPC below `/trpc/`, the REST routes of the contracts, `/healthz`, `/readyz`, and what `toolkitRoutes` and `appRoutes` add.
 *
 * Errors: the error of `listen`, such as EADDRINUSE. In that case nothing stays open.
 */
export async function createEdge(given: CreateEdgeDeps): Promise<Edge> {
  const deps = createDeps(given);
  const router = new RequestRouter(deps);
  const app = createApp(given, deps, router);
  await given.toolkitRoutes?.(app);
  addAppRoutes(app, deps, given);
  try {
    await app.listen({ host: given.host, port: given.port });
  } catch (fault) {
    await app.close();
    throw fault;
  }
  const { port, address, family } = app.server.address() as AddressInfo;
  const drain = (): void => router.drain(app.server);
  let closing: Promise<void> | undefined;
  return {
    port,
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    get inFlightCount() {
      return deps.inFlight.count;
    },
    get subscriptionCount() {
      return deps.streams.count;
    },
    drain,
    close() {
      drain();
      closing ??= closeEdge(app, deps);
      return closing;
    },
  };
}

function createDeps(given: CreateEdgeDeps): EdgeDeps {
  const { targets, authenticate, limits, clock, timers, log, metrics, rateStore: store } = given;
  const routes = new RouteTable(targets, metrics);
  return {
    ...{ authenticate, limits, clock, timers, log },
    routes,
    rest: new RestTable(given.restRoutes ?? [], routes, metrics),
    boundary: new ErrorBoundary(log, given.newId ?? randomUUID),
    proxies: new TrustedProxies(given.trustedProxies ?? []),
    traces: new TraceStart(),
    cors: new CorsPolicy(given.cors?.origins),
    inFlight: new InFlight(),
    answerEnds: new AnswerEnds(),
    streams: new SseStreams(),
    security: new SecurityHeaders({ isProduction: given.isProduction === true }),
    rates: new RateGate({ targets, limits, clock, log, store }),
    streamGate: new StreamGate(limits),
  };
}

function createApp(given: CreateEdgeDeps, deps: EdgeDeps, router: RequestRouter): FastifyInstance {
  const { limits } = given;
  const app = Fastify({
    serverFactory: (listener) => createHttpServer(limits, (request, response) => router.receive(request, response, listener)),
    clientErrorHandler: (fault, socket) => answerClientFault(fault, socket as Socket, deps),
    frameworkErrors: (_fault, _request, reply) => sendFault(reply, malformedUrl(), limits.errorBytes),
    bodyLimit: limits.bodyBytes,
    trustProxy: (address) => deps.proxies.trusts(address),
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
  });
  addFaultAnswers(app, deps.boundary, limits.errorBytes, (request) => deps.rates.countRefusal(new EdgeRequest(request, deps.proxies, undefined)));
  addHealthRoutes(app, given.readiness, { showReasons: given.isProduction !== true });
  return app;
}

function createHttpServer(limits: Limits, listener: RequestListener): Server {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveMs } = limits;
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      // By default, Node checks for late requests every 30 s, and a limit of 10 s could then mean 40 s.
      connectionsCheckingInterval: Math.max(50, Math.min(1_000, headersTimeoutMs / 4, requestTimeoutMs / 4)),
    },
    listener,
  );
  // Node closes a connection that is silent for this long. Otherwise the unread answers of a client that neither sends nor reads would stay in memory.
  server.timeout = keepAliveMs + limits.greatestDeadlineMs;
  return server;
}

/** Receives every request and routes it to tRPC, REST or Fastify. */
class RequestRouter {
  readonly #deps: EdgeDeps;
  #isDraining = false;

  constructor(deps: EdgeDeps) {
    this.#deps = deps;
  }

  receive(request: IncomingMessage, response: ServerResponse, fastify: RequestListener): void {
    if (this.#isDraining) return this.#turnAway(request, response);
    const preflight = this.#deps.cors.isOff ? undefined : this.#deps.cors.preflight(request);
    if (preflight !== undefined) {
      response.writeHead(204, [...preflight, ...this.#deps.security.ofData]);
      response.end();
      return;
    }
    const { url = "" } = request;
    const refusal = crossSiteRefusal(request, this.#deps.cors);
    if (refusal !== undefined) return this.#refuse(request, response, refusal);
    const isTrpc = url.startsWith(TRPC_PREFIX);
    const found = isTrpc ? undefined : this.#deps.rest.find(url);
    if ((isTrpc || found !== undefined) && this.#bars(request, response)) return;
    if (isTrpc) handleTrpc(this.#deps, TRPC_PREFIX.length, request, response);
    else if (found !== undefined) handleRest(new HttpExchange(this.#deps, request, response), found);
    // Fastify would hand a query that it cannot decode to the route, and every route would have to check for that.
    else if (percentDecoded(url) === undefined) this.#refuse(request, response, malformedUrl());
    else this.#passOn(request, response, fastify);
  }

  drain(server: Server): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#deps.streams.endAll();
    // A client loses no request if its idle connection is closed.
    server.closeIdleConnections();
  }

  #passOn(request: IncomingMessage, response: ServerResponse, fastify: RequestListener): void {
    const { inFlight, answerEnds, cors, security } = this.#deps;
    inFlight.start();
    answerEnds.onEnd(request, response, () => inFlight.end());
    stripInternalHeaders(request);
    security.setOn(response);
    const allowed = cors.headers(request);
    for (let index = 0; index < allowed.length; index += 2) response.setHeader(allowed[index] as string, allowed[index + 1] as string);
    if (!cors.isOff) response.setHeader("vary", "origin");
    fastify(request, response);
  }

  /** Refuses a request for a procedure if too many requests from its address were refused. Returns whether the request was refused. */
  #bars(request: IncomingMessage, response: ServerResponse): boolean {
    const { rates, proxies } = this.#deps;
    const error = rates.bar(new EdgeRequest(request, proxies, undefined));
    if (error === undefined) return false;
    this.#sendAway(request, response, error);
    return true;
  }

  #turnAway(request: IncomingMessage, response: ServerResponse): void {
    const error = catalogueError("UNAVAILABLE", "This process is stopping; send the request again.", { executed: "no" });
    this.#sendAway(request, response, error, ["connection", "close"]);
  }

  /**
   * Refuses a request that may succeed later. A browser's EventSource gets no answer, only a broken connection: after an error it never connects again,
   * after a broken connection it does.
   */
  #sendAway(request: IncomingMessage, response: ServerResponse, error: HolonError, extra?: readonly string[]): void {
    if (request.headers.accept?.includes("text/event-stream") === true) response.destroy();
    else this.#refuse(request, response, error, extra);
  }

  /** Answers with an error in the format of the request's protocol. */
  #refuse(request: IncomingMessage, response: ServerResponse, error: HolonError, extra: readonly string[] = []): void {
    const exchange = new HttpExchange(this.#deps, request, response);
    if (request.url?.startsWith(TRPC_PREFIX) === true) exchange.sendError(error, undefined, [...extra, ...(errorHeader(error) ?? [])]);
    else sendProblem(exchange, error, extra);
  }
}

/**
 * Closes a drained edge: waits for the requests in flight, at most for the grace period. Then closes the connections, which cancels the calls that
 * still run.
 *
 * Guarantee: when the promise resolves, no socket and no timer of the edge is left.
 */
async function closeEdge(app: FastifyInstance, deps: EdgeDeps): Promise<void> {
  const { inFlight, timers, clock, limits, log } = deps;
  const closed = app.close();
  const grace = new Grace();
  timers.add(grace, clock.monotonicMs() + limits.graceMs);
  await Promise.race([inFlight.drained(), grace.over]);
  timers.remove(grace);
  if (inFlight.count > 0) log.warn({ inFlightCount: inFlight.count }, "the grace period is over: calls that still run are cancelled");
  app.server.closeAllConnections();
  // `closed` resolves when no connection is left, `drained` when the calls of disconnected clients are cancelled, too.
  await Promise.all([closed, inFlight.drained()]);
}

class Grace extends TimerEntry {
  readonly over: Promise<void>;
  #resolve: () => void = () => {};

  constructor() {
    super();
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  override expire(): void {
    this.#resolve();
  }
}
