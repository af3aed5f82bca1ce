import type { Socket } from "node:net";
import { WheelEntry } from "../../kernel/index.ts";
import { FRAME, FRAME_END, type Frame, FrameFault, FrameReader, FrameWriter, isKnownKind } from "../protocol/index.ts";
import type { MeshServices } from "./services.ts";

/** Who makes sense of the frames of a link. */
export interface LinkOwner {
  /**
   * Frames in order; a text says why the peer cannot be understood, and closes the link. Only frames that have escaped characters can have
   * texts that are not well-formed Unicode.
   */
  onFrames(frames: readonly Frame[], hasEscapes: boolean): string | undefined;
  /** The first frame of a kind that this version does not know; those that follow are only counted. */
  onUnknownKind(kind: number): void;
  /** Called once, with the reason; nothing comes after it. */
  onClose(reason: string): void;
}

const PING = `[${FRAME.PING}]${FRAME_END}`;
const PONG = `[${FRAME.PONG}]${FRAME_END}`;

/**
 * What a link does while the other end does not take what was sent. A callee stops reading: who takes no answers may not ask on. A caller
 * reads on, or two that wait for each other would wait for ever.
 */
export type ReadingPolicy = "pauses while stuck" | "always reads";

/** Output that may wait in the socket before the link counts as stuck. */
const STUCK_BYTES = 1024 * 1024;

/** How late a look at the peer may be before we take it that this process itself was stopped. */
const OWN_PAUSE_MS = 1_000;

/**
 * A socket that carries frames both ways and notices when the other end is dead.
 *
 *   open --garbled, too large, cut off, error, end--> closed
 *   open --silent for meshPingMs--> probed --any byte--> open
 *                                   probed --silent for meshSilenceMs--> closed
 */
export class Link extends WheelEntry {
  readonly writer: FrameWriter;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #owner: LinkOwner;
  readonly #services: MeshServices;
  readonly #policy: ReadingPolicy;
  #heard = false;
  #silentSinceMs: number;
  #dueAtMs = 0;
  #takenBytes = 0;
  #queuedFrames = 0;
  #unknownFrames = 0;
  #drainWaiters: (() => void)[] = [];
  #closed = false;

  constructor(socket: Socket, owner: LinkOwner, services: MeshServices, policy: ReadingPolicy) {
    super();
    this.#socket = socket;
    this.#owner = owner;
    this.#services = services;
    this.#policy = policy;
    this.writer = new FrameWriter(socket);
    this.#reader = new FrameReader(services.limits.frameBytes);
    this.#silentSinceMs = services.clock.monotonicMs();
  }

  /** Begins to read; `head` is what arrived before. */
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

  /** What the peer has not taken of what was handed to the socket in earlier ticks. */
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

  /** How many frames came of kinds that this version does not know. */
  get unknownFrames(): number {
    return this.#unknownFrames;
  }

  /**
   * Takes a frame that is not of the calls: signs of life, and kinds that only a later version knows, which are left alone. A text says why
   * it cannot be taken.
   */
  control(frame: Frame): string | undefined {
    const kind = frame[0] as number;
    if (kind === FRAME.PONG) return undefined;
    if (kind === FRAME.PING) {
      // A peer that sends and does not read knows already that this process lives.
      if (this.writer.backlogBytes <= STUCK_BYTES) this.writer.send(PONG);
      return undefined;
    }
    if (isKnownKind(kind)) return `the peer sent a frame of kind ${kind}, which is not for this end of a connection`;
    if (!Number.isSafeInteger(kind) || kind < 0) return "a frame has a kind that is not a whole number";
    this.#unknownFrames++;
    if (this.#unknownFrames === 1) this.#owner.onUnknownKind(kind);
    return undefined;
  }

  /** Writes what waits and says goodbye; the link closes when the peer does the same. */
  end(): void {
    this.writer.flush();
    this.#socket.end();
  }

  /** Closes at once. The first reason is the one that counts. */
  destroy(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#services.wheel.remove(this);
    this.#socket.destroy();
    this.#onDrain();
    this.#owner.onClose(reason);
  }

  /** Resolves when the peer has taken what was sent; undefined where it is not behind. */
  drained(): Promise<void> | undefined {
    if (this.#closed || this.writer.backlogBytes <= STUCK_BYTES) return undefined;
    // What the kernel takes at once brings no "drain" event.
    this.writer.flush();
    if (!this.#socket.writableNeedDrain) return undefined;
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  /** Resolves when the socket has let go of its handle. */
  gone(): Promise<void> {
    return this.#socket.closed ? Promise.resolve() : new Promise((resolve) => this.#socket.once("close", () => resolve()));
  }

  #onData(chunk: Buffer): void {
    if (this.#closed) return;
    this.#heard = true;
    const fault = this.#take(chunk);
    if (fault !== undefined) this.destroy(fault);
    else if (this.#policy === "pauses while stuck" && this.#socket.writableLength > STUCK_BYTES) this.#socket.pause();
  }

  /**
   * Hands the frames of a chunk on. What a peer sends may end its connection, never the process, also where the code that reads it has a
   * fault.
   */
  #take(chunk: Buffer): string | undefined {
    try {
      const frames = this.#reader.read(chunk);
      return frames instanceof FrameFault ? frames.reason : this.#owner.onFrames(frames, this.#reader.hasEscapes);
    } catch (error) {
      this.#services.log.error({ err: error }, "reading a frame of a mesh peer failed, which is a fault of the toolkit; its connection is closed");
      return "a frame could not be read here";
    }
  }

  #onDrain(): void {
    if (!this.#closed) this.#socket.resume();
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  /** Looks at the peer now and then: asks where it was silent, gives up where it stays silent. */
  override expire(): void {
    const { clock, limits } = this.#services;
    const nowMs = clock.monotonicMs();
    const taken = this.#socket.bytesWritten - this.#socket.writableLength;
    // While we read nothing, that the peer takes something is its only sign of life. (What the kernel takes for a peer that reads is none.)
    const moved = this.#heard || (this.#socket.isPaused() && taken > this.#takenBytes);
    const said = this.writer.queued > this.#queuedFrames;
    this.#heard = false;
    this.#takenBytes = taken;
    if (moved || nowMs - this.#dueAtMs > OWN_PAUSE_MS) this.#silentSinceMs = nowMs;
    else if (nowMs - this.#silentSinceMs >= limits.meshSilenceMs) {
      this.destroy(`the peer was silent for ${limits.meshSilenceMs} ms (limit meshSilenceMs)`);
      return;
    }
    // Asked for by our silence too: the peer may be hearing nothing while it sends us something large.
    if (!moved || !said) this.writer.send(PING);
    this.#queuedFrames = this.writer.queued;
    this.#watch();
  }

  #watch(): void {
    const { clock, wheel, limits } = this.#services;
    this.#dueAtMs = Math.min(clock.monotonicMs() + limits.meshPingMs, Math.max(clock.monotonicMs() + 1, this.#silentSinceMs + limits.meshSilenceMs));
    wheel.add(this, this.#dueAtMs);
  }
}
