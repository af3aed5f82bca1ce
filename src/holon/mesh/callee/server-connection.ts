import type { Socket } from "node:net";
import { notUnicode, type Target } from "../../contract/index.ts";
import { catalogueError, HolonError } from "../../kernel/holon-error.ts";
import type { Principal } from "../../kernel/principal.ts";
import { TimerCallback } from "../../kernel/timers.ts";
import { isUnicodeJson } from "../../kernel/unicode-text.ts";
import { ExchangeTable, fullConnection, isExchangeId } from "../connection/exchange-table.ts";
import { Link, type LinkOwner, type MeshDeps } from "../connection/link.ts";
import type { ProvenPeer } from "../identity/process-identity.ts";
import { EDGE } from "../identity/roster.ts";
import { FRAME, FRAME_END, type Frame } from "../protocol/frame-kind.ts";
import { type OfferedProcedure, PeerFeatures, parseCallerHello, toHelloFrame } from "../protocol/hello.ts";
import { PrincipalReceiver } from "../protocol/principal-table.ts";
import { toWireError } from "../protocol/wire-error.ts";
import type { PrincipalVouching } from "../protocol/wire-principal.ts";
import { CallScope, isCount, isPlace, isTime, parseExtras } from "./call-frame.ts";
import { ServerCall, type ServerExchange } from "./server-exchange.ts";
import { ServerStream } from "./server-stream.ts";

/** What all connections of a server share. */
export interface ServerConnectionDeps extends MeshDeps {
  readonly processName: string;
  readonly contexts: readonly string[];
  readonly features: readonly string[];
  readonly vouching: PrincipalVouching;
  /** A target's index here is its number in the greeting. */
  readonly targets: readonly Target[];
  /** The procedures for the greeting. A procedure is described in full if the caller knows it with another hash. */
  readonly offer: (known: Readonly<Record<string, string>>) => readonly OfferedProcedure[];
  readonly onClose: (connection: ServerConnection) => void;
}

/**
 * The callee's end of a connection.
 *
 *   greeting --hello--> serving --drain()--> draining --last exchange closed--> ended
 *   any --fault, error, silence--> closed: every open exchange is cancelled
 *
 * I1. A target is called only after the peer's greeting, and only for a context that the peer's key may speak for.
 * I2. The principal of a frame is read before the call is refused for any other reason, because later frames name the principal by its number only.
 * I3. An id names one exchange, from the frame that opens the exchange until its last frame was received or sent.
 * I4. A CANCEL frame, the deadline and the loss of the connection cancel the scope of a call. What the call's handler still answers is dropped.
 * I5. An answer that cannot be sent becomes a FAILURE, and the connection stays. A frame that cannot be understood ends the connection and all its calls.
 */
export class ServerConnection implements LinkOwner {
  /** What the caller understands. It is empty until the caller's greeting arrives. */
  peer = new PeerFeatures();
  readonly #deps: ServerConnectionDeps;
  readonly #link: Link;
  readonly #peer: string;
  readonly #open = new ExchangeTable<ServerExchange>();
  readonly #proven: ProvenPeer;
  readonly #principals: PrincipalReceiver;
  readonly #helloTimeout = new TimerCallback(() =>
    this.#link.destroy(`the peer sent no greeting within ${this.#deps.limits.headersTimeoutMs} ms (limit headersTimeoutMs)`),
  );
  /** The contexts that the peer calls for, by number. A context that it may not speak for is undefined. There is no list until the peer's greeting arrives. */
  #callers: readonly (string | undefined)[] | undefined = undefined;
  #process = "unknown";
  #peerFrameBytes = 0;
  #draining = false;

  constructor(deps: ServerConnectionDeps, socket: Socket, proven: ProvenPeer) {
    this.#deps = deps;
    this.#proven = proven;
    this.#principals = new PrincipalReceiver(deps.vouching);
    this.#peer = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#link = new Link(socket, this, deps, "pauses while stuck");
  }

  get link(): Link {
    return this.#link;
  }

  get openCount(): number {
    return this.#open.size;
  }

  start(head: Buffer): void {
    const { timers, clock, limits } = this.#deps;
    timers.add(this.#helloTimeout, clock.monotonicMs() + limits.headersTimeoutMs);
    this.#link.start(head);
  }

  /** Asks the peer to open nothing more here and ends the streams. The link ends after the last call. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#link.writer.send(`[${FRAME.GOAWAY}]${FRAME_END}`);
    const stopping = catalogueError("UNAVAILABLE", "The process that made this stream is stopping; open it again.");
    for (const exchange of this.#open.all()) {
      if (!(exchange instanceof ServerStream)) continue;
      exchange.fail(stopping);
      exchange.cancel(stopping);
    }
    this.#endWhenIdle();
  }

  /** Ends the link if no exchange is open. The check waits a tick, because the last answer is about to be written. */
  #endWhenIdle(): void {
    process.nextTick(() => {
      if (this.#open.size === 0 && !this.#link.closed) this.#link.end();
    });
  }

  onFrames(frames: readonly Frame[], hasEscapes: boolean): string | undefined {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const frame of frames) {
      const fault = this.#callers === undefined ? this.#greet(frame) : this.#onFrame(frame, nowMs, hasEscapes);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  onUnknownKind(kind: number): void {
    this.#deps.log.warn(
      { peer: this.#peer, process: this.#process, kind },
      "a mesh peer sends frames of a kind that this version does not know; this process ignores them and counts them",
    );
  }

  onClose(reason: string): void {
    this.#deps.timers.remove(this.#helloTimeout);
    const level = this.#draining || reason === "the peer ended the connection" ? "info" : "warn";
    this.#deps.log[level]({ peer: this.#peer, process: this.#process, reason, open: this.#open.size }, "mesh connection closed");
    if (this.#open.size > 0) {
      const error = catalogueError("CANCELLED", `The caller's connection was lost: ${reason}.`);
      // I4. Nothing can be answered any more.
      for (const exchange of this.#open.all()) exchange.cancel(error);
    }
    this.#deps.onClose(this);
  }

  /** Called when an exchange is over: its id is free again. */
  closed(exchange: ServerExchange): void {
    if (!this.#open.remove(exchange)) return;
    if (exchange.slot !== undefined) this.#deps.timers.remove(exchange);
    if (this.#draining) this.#endWhenIdle();
  }

  /** Resolves when the peer has taken what was sent so far; undefined if more can be sent at once. */
  drained(): Promise<void> | undefined {
    return this.#link.drained();
  }

  sendFrame(frame: string): void {
    this.#link.writer.send(frame);
  }

  /** Sends the answer of a call; if it cannot be sent, sends the error that says why. */
  sendAnswer(id: number, path: string, frame: string): void {
    const failure = this.#unsendable(path, frame);
    if (failure === undefined) this.#link.writer.send(frame);
    // I5. Only this call fails.
    else this.sendFailure(id, failure, path);
  }

  /** Sends an item of a stream. Returns the error if it cannot be sent. */
  sendItem(path: string, frame: string): HolonError | undefined {
    const failure = this.#unsendable(path, frame);
    if (failure === undefined) this.#link.writer.send(frame);
    return failure;
  }

  sendFailure(id: number, thrown: unknown, path: string): void {
    let error = thrown;
    if (!(error instanceof HolonError)) {
      // A target makes a HolonError of everything that a handler throws. Any other value is a defect of the toolkit, and its text is not sent.
      this.#deps.log.error({ err: thrown, procedure: path }, "a target failed with a value that is not a HolonError");
      error = catalogueError("INTERNAL", "The call failed.");
    }
    this.#link.writer.send(this.#failureFrame(id, error as HolonError, path));
  }

  #failureFrame(id: number, error: HolonError, path: string): string {
    try {
      const frame = `[${FRAME.FAILURE},${id},${JSON.stringify(toWireError(error))}]${FRAME_END}`;
      if (!exceeds(frame, this.#peerFrameBytes)) return frame;
    } catch (cause) {
      this.#deps.log.error({ err: cause, procedure: path }, "the details of an error cannot be written as JSON");
    }
    const bare = new HolonError(error.code, `${path} failed; the details do not fit into an answer.`, {
      executed: error.executed,
      status: error.status,
    });
    return `[${FRAME.FAILURE},${id},${JSON.stringify(toWireError(bare))}]${FRAME_END}`;
  }

  #unsendable(path: string, frame: string): HolonError | undefined {
    if (exceeds(frame, this.#peerFrameBytes)) {
      return catalogueError("PAYLOAD_TOO_LARGE", `The answer of ${path} is larger than ${this.#peerFrameBytes} bytes (limit frameBytes).`, {
        executed: "yes",
      });
    }
    const { meshBacklogBytes } = this.#deps.limits;
    if (frame.length > 1024 && this.#link.stuckBytes > meshBacklogBytes) {
      return catalogueError(
        "UNAVAILABLE",
        `The answer of ${path} was dropped: the caller does not read earlier answers fast enough (limit meshBacklogBytes).`,
        { executed: "yes" },
      );
    }
    return undefined;
  }

  #greet(frame: Frame): string | undefined {
    const hello = parseCallerHello(frame);
    if (hello === undefined) return "the peer's first frame is not a valid greeting";
    this.#deps.timers.remove(this.#helloTimeout);
    // I1. A context that the peer may not speak for becomes undefined. A call that names it is refused.
    this.#callers = hello.callers.map((name) => (this.#proven.speaksFor(name) ? name : undefined));
    this.#process = hello.process;
    this.#peerFrameBytes = hello.frameBytes;
    this.peer = new PeerFeatures(hello.features);
    const { processName, contexts, features, limits, offer, log } = this.#deps;
    this.sendFrame(toHelloFrame({ process: processName, contexts, frameBytes: limits.frameBytes, features, procedures: offer(hello.procedures) }));
    log.info({ peer: this.#peer, process: hello.process, callers: hello.callers, features: hello.features }, "mesh connection accepted");
    const refused = hello.callers.filter((name) => !this.#proven.speaksFor(name));
    if (refused.length > 0)
      log.warn({ peer: this.#peer, process: hello.process, refused }, "a mesh peer names contexts that its key is not bound to");
    return undefined;
  }

  #onFrame(frame: Frame, nowMs: number, hasEscapes: boolean): string | undefined {
    switch (frame[0]) {
      case FRAME.CALL:
      case FRAME.OPEN:
        return this.#begin(frame, nowMs, hasEscapes);
      case FRAME.CANCEL:
        if (!isExchangeId(frame[1])) return "a frame does not say which call it belongs to";
        this.#onCancel(this.#open.get(frame[1]), frame[2] === 1);
        return undefined;
      case FRAME.CREDIT: {
        if (!isExchangeId(frame[1])) return "a frame does not say which call it belongs to";
        const stream = this.#open.get(frame[1]);
        const count = frame[2];
        if (!isCount(count)) return "a credit is not a valid count";
        if (stream instanceof ServerStream) stream.grant(count);
        return undefined;
      }
      default:
        return this.#link.control(frame);
    }
  }

  /** A handler gets the same reason as in a local call: the deadline passed, or the caller cancelled the call. */
  #onCancel(exchange: ServerExchange | undefined, isLate: boolean): void {
    if (isLate) exchange?.cancel(catalogueError("DEADLINE_EXCEEDED", `${exchange.path} did not end within its deadline.`));
    else exchange?.cancel(catalogueError("CANCELLED", "The caller cancelled the call."));
  }

  #begin(frame: Frame, nowMs: number, hasEscapes: boolean): string | undefined {
    const [kind, id, number, callerNumber, leftMs, who, traceparent, more] = frame;
    if (!isExchangeId(id)) return "a call has no id";
    // I3. Another exchange may be at the place of this id.
    if (this.#open.isTaken(id)) return `the id ${id} is in use`;
    if (!isPlace(number) || !isPlace(callerNumber)) return "a call does not give its procedure and its calling context as numbers";
    if (!isTime(leftMs) || typeof traceparent !== "string") return "a call has no valid remaining time or no traceparent";
    if (kind === FRAME.OPEN && !isCount(frame[8])) return "a stream has no window";
    // I2. The principal is read before the call can be refused: later frames refer to it by its number.
    const principal = this.#principals.read(who, nowMs);
    if (principal === undefined) return "a call names no valid principal, or one that was not sent before";
    const extras = parseExtras(more);
    if (extras === undefined) return "the extras of a call are malformed";
    const target = this.#deps.targets[number];
    const caller = (this.#callers as readonly (string | undefined)[])[callerNumber];
    const refusal =
      this.#refusal(target, caller, principal, kind === FRAME.OPEN) ??
      (typeof extras === "string" ? this.#disbelief(extras) : hasEscapes && !isUnicodeJson(frame) ? notUnicode("").toBadRequest() : undefined);
    if (target === undefined || caller === undefined || typeof principal === "string" || typeof extras === "string" || refusal !== undefined) {
      this.sendFailure(id, refusal, target?.path ?? "The call");
      return undefined;
    }
    const deadlineAtMs = leftMs === 0 ? Number.POSITIVE_INFINITY : nowMs + leftMs;
    // Only a system acts on behalf of another principal. A user is always the initiator of its own work, whatever a process in between says.
    const initiator = principal.kind === "system" ? extras.initiator : undefined;
    const scope = new CallScope(principal, deadlineAtMs, caller, extras.key, traceparent, initiator);
    if (kind === FRAME.CALL) {
      const call = new ServerCall(this, id, target.path, scope);
      this.#enter(call, deadlineAtMs);
      call.run(target, frame[8]);
      return undefined;
    }
    const stream = new ServerStream(this, id, target.path, scope);
    this.#enter(stream, deadlineAtMs);
    stream.run(target, frame[9], frame[8] as number);
    return undefined;
  }

  #enter(exchange: ServerExchange, deadlineAtMs: number): void {
    this.#open.put(exchange);
    if (deadlineAtMs !== Number.POSITIVE_INFINITY) this.#deps.timers.add(exchange, deadlineAtMs);
  }

  #disbelief(reason: string): HolonError {
    this.#deps.log.warn({ peer: this.#peer, process: this.#process, reason }, "refused the principal that a mesh peer calls for");
    return catalogueError("UNAUTHORIZED", `The principal of the call is refused: ${reason}.`);
  }

  /** The error for a call that is not handed to its target; undefined if the call is allowed. */
  #refusal(target: Target | undefined, caller: string | undefined, principal: Principal | string, isOpen: boolean): HolonError | undefined {
    if (caller === undefined)
      return catalogueError("FORBIDDEN", "The process did not announce the calling context, or its key may not speak for it.");
    if (typeof principal === "string") return this.#disbelief(principal);
    if (target === undefined) return catalogueError("NOT_FOUND", "No such procedure here.");
    if (caller === EDGE && target.procedure.access === "internal")
      return catalogueError("FORBIDDEN", `${target.path} is internal; the edge may not call it.`);
    if (this.#draining) return catalogueError("UNAVAILABLE", "This process is stopping and takes no new calls.", { executed: "no" });
    if (!this.#open.hasRoom(isOpen, this.#deps.limits)) return fullConnection(isOpen, this.#deps.limits);
    if ((target.procedure.type === "subscription") !== isOpen)
      return catalogueError("METHOD_NOT_SUPPORTED", `${target.path} is a ${target.procedure.type}.`);
    return undefined;
  }
}

function exceeds(frame: string, limitBytes: number): boolean {
  // A character takes at most three bytes in UTF-8, so most frames need no count.
  return frame.length * 3 > limitBytes && Buffer.byteLength(frame) > limitBytes;
}
