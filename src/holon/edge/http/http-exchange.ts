import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import { TimerEntry } from "../../kernel/timers.ts";
import type { EdgeDeps } from "../edge-deps.ts";
import { EdgeRequest } from "./edge-request.ts";
import { toErrorJson } from "./error-body.ts";

/** How long a refused client may go on sending before its connection is cut. */
const LINGER_MS = 2_000;

/** The calls or the stream of a request, while they run. */
interface Abortable {
  refuse(error: HolonError): void;
}

/** One HTTP request to a procedure and its answer, which is written once or not at all. */
export class HttpExchange {
  readonly deps: EdgeDeps;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /**
   * The calls or the stream of this request. They are refused if the client disconnects before the answer is complete. This is an object, not a function,
   * because a closure would keep alive everything that the handler has seen, and collecting that garbage took a fifth of the time.
   */
  onAbort: Abortable | undefined = undefined;
  /** Gives back the place that a stream takes up in the limits of open streams. It is called once, when the answer is complete or its connection is closed. */
  release: (() => void) | undefined = undefined;
  /** Whether the request or its calls were counted. Then an error does not count as a refusal in addition. */
  #isCounted = false;

  constructor(deps: EdgeDeps, request: IncomingMessage, response: ServerResponse) {
    this.deps = deps;
    this.request = request;
    this.response = response;
    deps.inFlight.start();
    deps.answerEnds.onEnd(request, response, () => {
      deps.inFlight.end();
      this.release?.();
      if (!response.writableFinished) this.onAbort?.refuse(catalogueError("CANCELLED", "The client closed the connection."));
    });
  }

  /** Whether an answer can still be begun. */
  get isOpen(): boolean {
    return !this.response.headersSent && !this.response.destroyed;
  }

  /** Answers with a JSON text. `extra` is a flat list of header names and values. */
  sendJson(status: number, body: string, extra?: readonly string[]): void {
    const headers = this.jsonHeaders();
    if (extra !== undefined) headers.push(...extra);
    this.send(status, headers, body);
  }

  /** Notes that the limits of calls count this request, so that it does not also count as refused. */
  callsCount(): void {
    this.#isCounted = true;
  }

  /** Counts the request as refused, unless it or its calls were counted before. */
  countRefusal(): void {
    if (this.#isCounted) return;
    this.#isCounted = true;
    this.deps.rates.countRefusal(new EdgeRequest(this.request, this.deps.proxies, undefined));
  }

  /** Answers with a flat list of headers and a text. `body` is undefined for an answer without a body. */
  send(status: number, headers: string[], body: string | undefined): void {
    if (!this.isOpen) return;
    if (isRefusal(status)) this.countRefusal();
    const { request, response } = this;
    if (body !== undefined) headers.push("content-length", String(Buffer.byteLength(body)));
    if (request.complete || request.method === "GET" || !hasBody(request.headers)) {
      response.writeHead(status, headers);
      response.end(body);
      return;
    }
    headers.push("connection", "close");
    response.writeHead(status, headers);
    if (body !== undefined) response.write(body);
    new Lingering(this).start();
  }

  /** Answers the whole request with one error. */
  sendError(error: HolonError, path?: string, extra?: readonly string[]): void {
    this.sendJson(error.status, toErrorJson(error, path, this.deps.limits.errorBytes), extra);
  }

  /** The headers of every answer. The caller may change the array. */
  commonHeaders(): string[] {
    const { cors, security } = this.deps;
    const headers = [...security.ofData];
    if (!cors.isOff) headers.push("vary", "origin", ...cors.headers(this.request));
    return headers;
  }

  /** The headers of every answer in tRPC's JSON. The caller may change the array. */
  jsonHeaders(): string[] {
    const { cors, security } = this.deps;
    const headers = ["content-type", "application/json", "vary", "trpc-accept, accept", ...security.ofData];
    if (!cors.isOff) {
      headers[3] = "trpc-accept, accept, origin";
      headers.push(...cors.headers(this.request));
    }
    return headers;
  }
}

/** Whether a status says that the request is at fault. 429 says only that the request came too early. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

/** Whether a request has a body, or may have one. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/**
 * Keeps the connection of a refused upload open for a moment after the answer was written.
 *
 * If the connection were closed at once, while bytes still arrive, the kernel would send a reset, and the client would never read why it was refused.
 */
class Lingering extends TimerEntry {
  readonly #exchange: HttpExchange;

  constructor(exchange: HttpExchange) {
    super();
    this.#exchange = exchange;
  }

  start(): void {
    const { request, response, deps } = this.#exchange;
    deps.timers.add(this, deps.clock.monotonicMs() + LINGER_MS);
    request.on("end", () => this.#stop());
    response.on("close", () => this.#stop());
    request.resume();
  }

  override expire(): void {
    this.#exchange.response.end();
  }

  #stop(): void {
    this.#exchange.deps.timers.remove(this);
    this.#exchange.response.end();
  }
}
