import type { Socket } from "node:net";
import type { Clock } from "../../kernel/clock.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { Logger } from "../../kernel/log.ts";
import { TimerEntry, type Timers } from "../../kernel/timers.ts";
import { FRAME, FRAME_END, type Frame, isKnownKind } from "../protocol/frame-kind.ts";
import { FrameFault, FrameReader } from "../protocol/frame-reader.ts";
import { FrameWriter } from "../protocol/frame-writer.ts";

/** Reads the frames of a link. */
export interface LinkOwner {
  /**
   * Takes frames in order. A returned text says why they are refused, and closes the link. `hasEscapes` says whether the frames have escaped
   * characters: only then can they have texts that are not well-formed Unicode.
   */
  onFrames(frames: readonly Frame[], hasEscapes: boolean): string | undefined;
  /** Called for the first frame of a kind that this version does not know. Later frames of such kinds are only counted. */
  onUnknownKind(kind: number): void;
  /** Called once, with the reason. No other call comes after it. */
  onClose(reason: string): void;
}

const PING = `[${FRAME.PING}]${FRAME_END}`;
const PONG = `[${FRAME.PONG}]${FRAME_END}`;

/**
 * What a link does while the other end does not take what was sent. A callee stops reading, because a peer that takes no answers must not send
 * more calls. A caller goes on reading; otherwise two ends that wait for each other would wait for ever.
 */
type ReadingPolicy = "pauses while stuck" | "always reads";

/** How many bytes may wait in the socket before the link counts as stuck. */
const STUCK_BYTES = 1024 * 1024;

/** If the timer fires later than this after its due time, this process itself is assumed to have stood still. */
const OWN_PAUSE_MS = 1_000;

/**
 * A socket that carries frames both ways and detects a dead peer.
 *
 *   open --garbled, too large, cut off, error, end--> closed
 *   open --silent for meshPingMs--> probed --any byte--> open
 *                                   probed --silent for meshSilenceMs--> closed
 *
 * I1. The owner gets one `onClose`, and no frame after it.
 * I2. What a peer sends may end its connection, never the process.
 * I3. A peer counts as dead only if it was probed and stayed silent for meshSilenceMs. Time in which this process itself stood still does not count.
 */
export class Link extends TimerEntry {
  readonly writer: FrameWriter;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #owner: LinkOwner;
  readonly #deps: MeshDeps;
  readonly #policy: ReadingPolicy;
  #received = false;
  #silentSinceMs: number;
  #dueAtMs = 0;
  #takenBytes = 0;
  #queuedFrames = 0;
  #unknownFrames = 0;
  #drainWaiters: (() => void)[] = [];
  #closed = false;

  constructor(socket: Socket, owner: LinkOwner, deps: MeshDeps, policy: ReadingPolicy) {
    super();
    this.#socket = socket;
    this.#owner = owner;
    this.#deps = deps;
    this.#policy = policy;
    this.writer = new FrameWriter(socket);
    this.#reader = new FrameReader(deps.limits.frameBytes);
    this.#silentSinceMs = deps.clock.monotonicMs();
  }

  /** Begins to read. `head` has the bytes that arrived right after the handshake, before this call. */
  start(head: Buffer): void {
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.setTimeout(0);
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("drain", () => this.#onDrain());
    socket.on("end", () =>
      this.destroy(this.#reader.unfinishedBytes > 0 ? "the peer cut the connection inside a frame" : "the peer ended the connection"),
    );
    socket.on("error", (error: NodeJS.ErrnoException) => this.destroy(error.code ?? error.message));
    socket.on("close", () => this.destroy("the connection was lost"));
    this.#watch();
    if (head.length > 0) this.#onData(head);
    socket.resume();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How many bytes of earlier ticks wait in the socket because the peer has not taken them. */
  get stuckBytes(): number {
    return this.#socket.writableLength;
  }

  get framesIn(): number {
    return this.#reader.frames;
  }

  get bytesIn(): number {
    return this.#socket.bytesRead;
  }

  get bytesOut(): number {
    return this.#socket.bytesWritten;
  }

  /** How many frames had a kind that this version does not know. */
  get unknownFrames(): number {
    return this.#unknownFrames;
  }

  /**
   * Takes a frame that does not belong to a call: a ping or pong, or a kind that only a later version knows, which is ignored. A returned text
   * says why the frame is refused.
   */
  control(frame: Frame): string | undefined {
    const kind = frame[0] as number;
    if (kind === FRAME.PONG) return undefined;
    if (kind === FRAME.PING) {
      // A peer that sends without reading needs no answer: it sees that this process lives, because its bytes are taken.
      if (this.writer.backlogBytes <= STUCK_BYTES) this.writer.send(PONG);
      return undefined;
    }
    if (isKnownKind(kind)) return `the peer sent a frame of kind ${kind}, which this end of a connection does not accept after the greeting`;
    if (!Number.isSafeInteger(kind) || kind < 0) return "a frame has a kind that is not a whole number";
    this.#unknownFrames++;
    if (this.#unknownFrames === 1) this.#owner.onUnknownKind(kind);
    return undefined;
  }

  /** Writes what waits and ends this side. The link closes when the peer ends its side. */
  end(): void {
    this.writer.flush();
    this.#socket.end();
  }

  /** Closes at once. Only the first reason is reported. */
  destroy(reason: string): void {
    // I1. The first reason counts.
    if (this.#closed) return;
    this.#closed = true;
    this.#deps.timers.remove(this);
    this.#socket.destroy();
    this.#onDrain();
    this.#owner.onClose(reason);
  }

  /** Resolves when the peer has taken what was sent so far, or the link is closed; undefined if more can be sent at once. */
  drained(): Promise<void> | undefined {
    if (this.#closed || this.writer.backlogBytes <= STUCK_BYTES) return undefined;
    // Bytes that the kernel takes at once cause no "drain" event.
    this.writer.flush();
    if (!this.#socket.writableNeedDrain) return undefined;
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  /** Resolves when the socket has released its handle. */
  gone(): Promise<void> {
    return this.#socket.closed ? Promise.resolve() : new Promise((resolve) => this.#socket.once("close", () => resolve()));
  }

  #onData(chunk: Buffer): void {
    if (this.#closed) return;
    this.#received = true;
    const fault = this.#take(chunk);
    if (fault !== undefined) this.destroy(fault);
    else if (this.#policy === "pauses while stuck" && this.#socket.writableLength > STUCK_BYTES) this.#socket.pause();
  }

  /**
   * Hands on the frames of a chunk. What a peer sends may end its connection but never the process, even if the code that reads it has a defect.
   */
  #take(chunk: Buffer): string | undefined {
    try {
      const frames = this.#reader.read(chunk);
      return frames instanceof FrameFault ? frames.reason : this.#owner.onFrames(frames, this.#reader.hasEscapes);
    } catch (error) {
      this.#deps.log.error({ err: error }, "reading a frame of a mesh peer failed, which is a fault of the toolkit; the peer's connection is closed");
      return "a frame could not be read here";
    }
  }

  #onDrain(): void {
    if (!this.#closed) this.#socket.resume();
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  /** Checks the peer at intervals: sends a ping if the peer was silent, and closes the link if it stays silent. */
  override expire(): void {
    const { clock, limits } = this.#deps;
    const nowMs = clock.monotonicMs();
    const taken = this.#socket.bytesWritten - this.#socket.writableLength;
    // While this process does not read, the only sign of life is that the peer takes bytes. (While it reads, bytes that are taken are no sign: the
    // kernel takes them also if the peer is dead.)
    const moved = this.#received || (this.#socket.isPaused() && taken > this.#takenBytes);
    const said = this.writer.queued > this.#queuedFrames;
    this.#received = false;
    this.#takenBytes = taken;
    // I3. A check that comes late says nothing about the peer.
    if (moved || nowMs - this.#dueAtMs > OWN_PAUSE_MS) this.#silentSinceMs = nowMs;
    else if (nowMs - this.#silentSinceMs >= limits.meshSilenceMs) {
      this.destroy(`the peer was silent for ${limits.meshSilenceMs} ms (limit meshSilenceMs)`);
      return;
    }
    // A ping is also sent if this process was silent: a peer that sends something large for a long time must see that this process lives.
    if (!moved || !said) this.writer.send(PING);
    this.#queuedFrames = this.writer.queued;
    this.#watch();
  }

  #watch(): void {
    const { clock, timers, limits } = this.#deps;
    this.#dueAtMs = Math.min(clock.monotonicMs() + limits.meshPingMs, Math.max(clock.monotonicMs() + 1, this.#silentSinceMs + limits.meshSilenceMs));
    timers.add(this, this.#dueAtMs);
  }
}

/** What every part of the mesh uses. It is passed in; no part reads it from globals. */
export interface MeshDeps {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
}

/** Counters of one end of the mesh since it was created. */
export interface MeshStats {
  /** Connections that are open now. */
  readonly connections: number;
  /** Calls and streams that are open now. */
  readonly open: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Frames of kinds that this version does not know. If it is not 0, a peer is newer. */
  readonly unknownFrames: number;
}

/** The part of {@link MeshStats} that is a sum over connections. */
type Traffic = Omit<{ -readonly [Name in keyof MeshStats]: number }, "connections" | "open">;

export function noTraffic(): Traffic {
  return { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, unknownFrames: 0 };
}

/** Adds the counters of a link. */
export function addTraffic(sum: Traffic, link: Link): void {
  sum.framesIn += link.framesIn;
  sum.framesOut += link.writer.queued;
  sum.bytesIn += link.bytesIn;
  sum.bytesOut += link.bytesOut;
  sum.unknownFrames += link.unknownFrames;
}
