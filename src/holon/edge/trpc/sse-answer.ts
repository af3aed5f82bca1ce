import { catalogueError, type HolonError, isHolonError } from "../../kernel/holon-error.ts";
import type { Principal } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import { TimerEntry } from "../../kernel/timers.ts";
import type { Trace } from "../../kernel/trace.ts";
import type { PrincipalReceiver } from "../http/authentication.ts";
import { answerTooLarge } from "../http/edge-call.ts";
import { toErrorJson } from "../http/error-body.ts";
import type { HttpExchange } from "../http/http-exchange.ts";
import type { EdgeRoute } from "../http/route-table.ts";
import { type AddressedClient, isTicket } from "../rates/procedure-rates.ts";
import { retryAfterMs } from "../rates/too-many-requests.ts";
import { ItemFrames, isEventId, SSE_FRAMES, toStreamItem } from "./sse-frames.ts";

/** A client closes its connection after a silence of this many heartbeats. */
const SILENT_HEARTBEATS = 3;

/**
 * Answers a request of httpSubscriptionLink with Server-Sent Events.
 *
 * When the target is done, the stream ends with a `return` event. When the stream is too old or had no item for too long, or when the process stops,
 * the stream ends without a `return` event: then the client connects again and resumes after the last id that it got. An item is taken from the
 * target only if the client has room for it, so a slow client makes one item wait here, not a growing number.
 */
export class SseAnswer extends TimerEntry implements PrincipalReceiver {
  readonly #exchange: HttpExchange;
  readonly #route: EdgeRoute;
  readonly #input: unknown;
  readonly #trace: Trace;
  readonly #frames: ItemFrames;
  readonly #endAtMs: number;
  #iterator: AsyncIterator<unknown> | undefined = undefined;
  #scope: Scope | undefined = undefined;
  #isOver = false;
  #isFull = false;
  #writtenAtMs: number;
  #itemAtMs: number;

  constructor(exchange: HttpExchange, route: EdgeRoute, input: unknown, lastEventId: string | undefined) {
    super();
    const { deps, request, response } = exchange;
    this.#exchange = exchange;
    this.#route = route;
    this.#input = input;
    this.#trace = deps.traces.from(request.headers.traceparent as string | undefined);
    this.#frames = new ItemFrames(lastEventId);
    this.#writtenAtMs = this.#itemAtMs = deps.clock.monotonicMs();
    this.#endAtMs = this.#itemAtMs + deps.limits.subscriptionGreatestAgeMs;
    exchange.onAbort = { refuse: (error) => this.#leave(error) };
    response.writeHead(200, this.#headers());
    const reconnectAfterInactivityMs = deps.limits.subscriptionHeartbeatMs * SILENT_HEARTBEATS;
    this.#write(SSE_FRAMES.connected({ reconnectAfterInactivityMs }));
    deps.streams.add(this);
    this.#arm();
  }

  start(principal: Principal, client: AddressedClient): void {
    if (this.#isOver) return;
    const { deps } = this.#exchange;
    const place = deps.streamGate.take(principal, client);
    if (isHolonError(place)) return this.#fail(place);
    this.#exchange.release = place;
    const rates = deps.rates.of(this.#route.target.path);
    if (rates === undefined) return this.#open(principal);
    rates.take(principal, client, this.#input).then(
      (taken) => (isTicket(taken) ? this.#open(principal) : this.#fail(taken)),
      (thrown: unknown) => this.#fail(thrown),
    );
  }

  #open(principal: Principal): void {
    if (this.#isOver) return;
    const { target } = this.#route;
    // The deadline is a little later than the end of the stream: a target that keeps its deadline must not turn the normal end into an error.
    const deadlineAtMs = this.#endAtMs + this.#exchange.deps.limits.subscriptionHeartbeatMs;
    this.#scope = Scope.root({ principal, deadlineAtMs, caller: "edge", trace: this.#trace });
    this.#run(target.subscribe(this.#scope, this.#input)).catch((thrown: unknown) => this.#fail(thrown));
  }

  refuse(error: HolonError): void {
    this.#fail(error);
  }

  /** Ends the stream, so that its client resumes it. */
  end(): void {
    this.#leave(catalogueError("CANCELLED", "The stream was ended so that its client resumes it."));
  }

  override expire(): void {
    const { clock, limits } = this.#exchange.deps;
    const nowMs = clock.monotonicMs();
    if (nowMs >= this.#endAtMs || nowMs >= this.#itemAtMs + limits.subscriptionIdleMs) {
      this.end();
      return;
    }
    // A client that does not read gets no pings, because they would accumulate.
    if (!this.#isFull && nowMs >= this.#writtenAtMs + limits.subscriptionHeartbeatMs) this.#write(SSE_FRAMES.ping);
    this.#arm();
  }

  async #run(items: AsyncIterable<unknown>): Promise<void> {
    const iterator = items[Symbol.asyncIterator]();
    this.#iterator = iterator;
    for (let next = await iterator.next(); !this.#isOver; next = await iterator.next()) {
      if (next.done === true) {
        this.#write(SSE_FRAMES.returned);
        this.#close();
        return;
      }
      this.#itemAtMs = this.#exchange.deps.clock.monotonicMs();
      if (!this.#write(this.#frame(next.value))) await this.#drained();
      if (this.#isOver) return;
    }
  }

  #frame(value: unknown): string {
    const item = toStreamItem(value, this.#route.target.procedure.resumable);
    if (item.id !== undefined && !isEventId(item.id)) throw catalogueError("INTERNAL", "an event id is empty or has a line break");
    const json = JSON.stringify(item.data) as string | undefined;
    const { responseBytes } = this.#exchange.deps.limits;
    if (json !== undefined && json.length > responseBytes) throw answerTooLarge(responseBytes);
    return this.#frames.write(json, item);
  }

  #fail(thrown: unknown): void {
    if (this.#isOver) return;
    const { boundary, limits } = this.#exchange.deps;
    const { path } = this.#route.target;
    const error = boundary.toPublic(thrown, { procedure: path, traceId: this.#trace.traceId });
    const json = toErrorJson(error, path, limits.errorBytes).slice('{"error":'.length, -1);
    this.#write(SSE_FRAMES.error(json, retryAfterMs(error)));
    this.#leave(error);
  }

  /** Cancels the target's scope and closes the stream. */
  #leave(reason: HolonError): void {
    if (this.#isOver) return;
    this.#close();
    this.#scope?.cancel(reason);
    // A generator that waits ends only after its wait. If it throws then, there is no stream any more that could report the error.
    this.#iterator?.return?.().then(undefined, () => {});
  }

  #close(): void {
    this.#isOver = true;
    const { deps, response } = this.#exchange;
    deps.timers.remove(this);
    deps.streams.remove(this);
    this.#scope?.release();
    // If the client has stopped reading, a full socket never empties, and nothing more can be sent.
    if (this.#isFull) response.destroy();
    else response.end();
  }

  #write(frame: string): boolean {
    const { response, deps } = this.#exchange;
    if (response.destroyed) return true;
    this.#writtenAtMs = deps.clock.monotonicMs();
    return response.write(frame);
  }

  #drained(): Promise<void> {
    this.#isFull = true;
    const { response } = this.#exchange;
    return new Promise((resolve) => {
      const go = (): void => {
        this.#isFull = false;
        response.off("drain", go);
        response.off("close", go);
        resolve();
      };
      response.on("drain", go);
      response.on("close", go);
    });
  }

  #arm(): void {
    const { timers, limits } = this.#exchange.deps;
    timers.add(this, Math.min(this.#endAtMs, this.#itemAtMs + limits.subscriptionIdleMs, this.#nextBeatMs(limits.subscriptionHeartbeatMs)));
  }

  #nextBeatMs(heartbeatMs: number): number {
    return this.#isFull ? this.#exchange.deps.clock.monotonicMs() + heartbeatMs : this.#writtenAtMs + heartbeatMs;
  }

  #headers(): string[] {
    const headers = this.#exchange.jsonHeaders();
    headers[1] = "text/event-stream";
    headers.push("cache-control", "no-cache, no-transform", "x-accel-buffering", "no", "connection", "keep-alive");
    return headers;
  }
}
