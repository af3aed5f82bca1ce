import type { Socket } from "node:net";
import { catalogueError, HolonError } from "../../kernel/holon-error.ts";
import { principalName } from "../../kernel/principal.ts";
import type { Scope } from "../../kernel/scope.ts";
import { TimerCallback } from "../../kernel/timers.ts";
import { ExchangeTable, fullConnection, isExchangeId } from "../connection/exchange-table.ts";
import { Link, type LinkOwner, type MeshDeps } from "../connection/link.ts";
import { FRAME, FRAME_END, type Frame } from "../protocol/frame-kind.ts";
import { type CalleeHello, type CallerHello, PeerFeatures, parseCalleeHello, toHelloFrame } from "../protocol/hello.ts";
import { PrincipalSender } from "../protocol/principal-table.ts";
import { fromWireError } from "../protocol/wire-error.ts";
import type { PrincipalVouching } from "../protocol/wire-principal.ts";
import { CallerCall, type CallerExchange } from "./caller-exchange.ts";
import { CallerStream } from "./caller-stream.ts";

/** What a connection reports to the `MeshPeer` that it belongs to. */
export interface PeerConnectionOwner {
  onGreeting(connection: PeerConnection, hello: CalleeHello): void;
  /** The callee takes no new calls on this connection. */
  onGoaway(connection: PeerConnection): void;
  onClose(connection: PeerConnection, reason: string): void;
}

const CALL = `[${FRAME.CALL},`;
const OPEN = `[${FRAME.OPEN},`;
const FRAME_CLOSE = `]${FRAME_END}`;

/** What only some calls carry: an idempotency key, and the initiator if a system acts for another principal. */
function extrasOf(scope: Scope, key: string | undefined): string {
  const { initiator, principal } = scope;
  if (initiator !== principal) return JSON.stringify({ key, initiator });
  return key === undefined ? "0" : `{"key":${JSON.stringify(key)}}`;
}

/**
 * The caller's end of a connection.
 *
 *   greeting --hello--> ready --goaway--> draining --last exchange over--> ended
 *   any --fault, error, silence--> closed: every open exchange fails with UNAVAILABLE
 *
 * I1. An exchange ends once. A frame that comes for it later finds nothing under its id, and is ignored.
 * I2. Every reason to refuse a call here is checked before its frame is sent. If a frame was made and is not sent, its id and the principal's entry in the
 *     table are taken back, so that both ends have the same table.
 * I3. If the connection is lost, only a call whose frame was never handed to the socket fails with `executed: "no"`. All others may have run.
 * I4. No call is sent before the callee's greeting, and none after its GOAWAY. After GOAWAY new calls take another connection; the open calls end on this
 *     one.
 */
export class PeerConnection implements LinkOwner {
  readonly link: Link;
  /** What the callee understands. It is empty until the callee's greeting arrives. */
  peer = new PeerFeatures();
  readonly #deps: MeshDeps;
  readonly #owner: PeerConnectionOwner;
  readonly #open = new ExchangeTable<CallerExchange>();
  readonly #principals: PrincipalSender;
  readonly #callers: ReadonlyMap<string, number>;
  readonly #helloTimeout = new TimerCallback(() =>
    this.link.destroy(`the peer sent no greeting within ${this.#deps.limits.headersTimeoutMs} ms (limit headersTimeoutMs)`),
  );
  #peerFrameBytes = 0;
  #greeted = false;
  #draining = false;

  constructor(socket: Socket, owner: PeerConnectionOwner, deps: MeshDeps, callers: readonly string[], vouching: PrincipalVouching) {
    this.#owner = owner;
    this.#principals = new PrincipalSender(vouching);
    this.#deps = deps;
    this.#callers = new Map(callers.map((name, number) => [name, number]));
    this.link = new Link(socket, this, deps, "always reads");
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Whether the callee's greeting has arrived. */
  get greeted(): boolean {
    return this.#greeted;
  }

  start(head: Buffer, hello: CallerHello): void {
    const { timers, clock, limits } = this.#deps;
    timers.add(this.#helloTimeout, clock.monotonicMs() + limits.headersTimeoutMs);
    this.link.writer.send(toHelloFrame(hello));
    this.link.start(head);
  }

  /** Sends a call. `number` is the procedure's number in the callee's greeting; `input` is JSON, or empty for no input. */
  call(path: string, number: number, scope: Scope, key: string | undefined, input: string): Promise<unknown> {
    const meta = this.#meta(path, number, scope, key, false);
    if (meta instanceof HolonError) return Promise.reject(meta);
    const id = this.#open.takeId();
    const frame = CALL + id + meta + (input === "" ? FRAME_CLOSE : `,${input}${FRAME_CLOSE}`);
    const tooLarge = this.#unsendable(path, frame);
    if (tooLarge !== undefined) {
      this.#takeBack(id, scope);
      return Promise.reject(tooLarge);
    }
    const { writer } = this.link;
    writer.send(frame);
    const call = new CallerCall(this, id, path, scope, writer.queued);
    this.#enter(call, scope.deadlineAtMs);
    return call.promise;
  }

  /** Opens a stream. */
  open(path: string, number: number, scope: Scope, input: string): CallerStream | HolonError {
    const meta = this.#meta(path, number, scope, scope.key, true);
    if (meta instanceof HolonError) return meta;
    const id = this.#open.takeId();
    const window = this.#deps.limits.streamWindowCount;
    const frame = `${OPEN + id + meta},${window}${input === "" ? "" : `,${input}`}${FRAME_CLOSE}`;
    const tooLarge = this.#unsendable(path, frame);
    if (tooLarge !== undefined) {
      this.#takeBack(id, scope);
      return tooLarge;
    }
    const { writer } = this.link;
    writer.send(frame);
    const stream = new CallerStream(this, id, path, scope, writer.queued, window);
    this.#enter(stream, scope.deadlineAtMs);
    return stream;
  }

  /** Sends a cancel frame. `isLate` says that the deadline has passed. */
  sendCancel(id: number, isLate: boolean): void {
    if (!this.link.closed) this.link.writer.send(`[${FRAME.CANCEL},${id}${isLate ? ",1" : ""}]${FRAME_END}`);
  }

  sendCredit(id: number, count: number): void {
    this.link.writer.send(`[${FRAME.CREDIT},${id},${count}]${FRAME_END}`);
  }

  /** Called when an exchange is over: its id is free again. */
  forget(exchange: CallerExchange): void {
    if (!this.#open.remove(exchange)) return;
    this.#open.release(exchange.id);
    if (exchange.slot !== undefined) this.#deps.timers.remove(exchange);
    if (this.#draining && this.#open.size === 0 && !this.link.closed) this.link.end();
  }

  onFrames(frames: readonly Frame[]): string | undefined {
    for (const frame of frames) {
      const fault = this.#greeted ? this.#onFrame(frame) : this.#greet(frame);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  onUnknownKind(kind: number): void {
    this.#deps.log.warn({ kind }, "a mesh peer sends frames of a kind that this version does not know; this process ignores them and counts them");
  }

  onClose(reason: string): void {
    this.#deps.timers.remove(this.#helloTimeout);
    const { flushed } = this.link.writer;
    const cause = catalogueError("UNAVAILABLE", reason);
    for (const exchange of this.#open.all()) {
      // I3. A frame whose number is above `flushed` has not left this process.
      const executed = exchange.sentAs > flushed ? "no" : "maybe";
      exchange.fail(catalogueError("UNAVAILABLE", `The connection was lost during ${exchange.path}.`, { executed, cause }));
    }
    this.#owner.onClose(this, reason);
  }

  #greet(frame: Frame): string | undefined {
    const hello = parseCalleeHello(frame);
    if (hello === undefined) return "the peer's first frame is not a valid greeting";
    this.#deps.timers.remove(this.#helloTimeout);
    this.#greeted = true;
    this.#peerFrameBytes = hello.frameBytes;
    this.peer = new PeerFeatures(hello.features);
    this.#owner.onGreeting(this, hello);
    return undefined;
  }

  #onFrame(frame: Frame): string | undefined {
    switch (frame[0]) {
      case FRAME.ANSWER:
      case FRAME.END:
      case FRAME.ITEM:
      case FRAME.FAILURE:
        if (!isExchangeId(frame[1])) return "a frame does not say which call it belongs to";
        return this.#onAnswer(this.#open.get(frame[1]), frame);
      case FRAME.GOAWAY:
        if (this.#draining) return undefined;
        this.#draining = true;
        // I4. The owner opens another connection.
        this.#owner.onGoaway(this);
        if (this.#open.size === 0) this.link.end();
        return undefined;
      default:
        return this.link.control(frame);
    }
  }

  #onAnswer(exchange: CallerExchange | undefined, frame: Frame): string | undefined {
    // I1. The exchange of this frame is over.
    if (exchange === undefined) return undefined;
    switch (frame[0]) {
      case FRAME.ITEM:
        return exchange.item(frame[2]) ? undefined : "the peer sent more items than its credit allows";
      case FRAME.FAILURE: {
        const error = fromWireError(frame[2]);
        if (error === undefined) return this.#refuse(exchange, "it is a failure without code or message");
        exchange.fail(error);
        return undefined;
      }
      default:
        exchange.end(frame[2]);
        return undefined;
    }
  }

  /** Ends a call whose answer cannot be used. The other calls of the connection go on. */
  #refuse(exchange: CallerExchange, reason: string): undefined {
    this.#deps.log.warn({ procedure: exchange.path, reason }, "refused an answer of a mesh peer");
    exchange.giveUp(catalogueError("INTERNAL", `The answer of ${exchange.path} was refused: ${reason}.`, { executed: "maybe" }));
  }

  /** The part of a frame that calls and streams share, or the error if the call cannot be sent. */
  #meta(path: string, number: number, scope: Scope, key: string | undefined, isStream: boolean): string | HolonError {
    const { limits, clock } = this.#deps;
    const caller = this.#callers.get(scope.caller);
    if (caller === undefined) return catalogueError("FORBIDDEN", `"${scope.caller}" is not one of the contexts that this process calls for.`);
    const left = scope.deadlineAtMs - clock.monotonicMs();
    // The time is rounded down, because a callee must not have more time than its caller. Zero would mean no deadline.
    const leftMs = left === Number.POSITIVE_INFINITY ? 0 : Math.max(1, Math.floor(left));
    if (left <= 0) return catalogueError("DEADLINE_EXCEEDED", `No time was left to call ${path}.`, { executed: "no" });
    if (!this.#open.hasRoom(isStream, limits)) return fullConnection(isStream, limits);
    if (this.link.writer.backlogBytes > limits.meshBacklogBytes) {
      return catalogueError("OVERLOADED", `More than ${limits.meshBacklogBytes} bytes wait for the connection (limit meshBacklogBytes).`);
    }
    const principal = this.#principals.write(scope.principal, scope.deadlineAtMs);
    if (principal === undefined) return catalogueError("FORBIDDEN", `This process may not make calls for ${principalName(scope.principal)}.`);
    return `,${number},${caller},${leftMs},${principal},"${scope.trace.traceparent}",${extrasOf(scope, key)}`;
  }

  #unsendable(path: string, frame: string): HolonError | undefined {
    if (frame.length * 3 <= this.#peerFrameBytes || Buffer.byteLength(frame) <= this.#peerFrameBytes) return undefined;
    return catalogueError("PAYLOAD_TOO_LARGE", `The input of ${path} is larger than ${this.#peerFrameBytes} bytes (limit frameBytes).`);
  }

  /** Frees what was reserved for a frame that is not sent after all: its id, and the principal's entry in the table. */
  #takeBack(id: number, scope: Scope): void {
    // I2. The callee does not know the entry.
    this.#open.release(id);
    this.#principals.withdraw(scope.principal);
  }

  #enter(exchange: CallerExchange, deadlineAtMs: number): void {
    this.#open.put(exchange);
    if (deadlineAtMs !== Number.POSITIVE_INFINITY) this.#deps.timers.add(exchange, deadlineAtMs);
  }
}
