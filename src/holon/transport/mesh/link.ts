import type { Socket } from "node:net";
import { WheelEntry } from "../../kernel/index.ts";
import { FRAME, FRAME_END, type Frame, FrameFault, FrameReader, FrameWriter } from "../../wire/index.ts";
import type { MeshServices } from "./services.ts";

/** Who makes sense of the frames of a link. */
export interface LinkOwner {
  /** Frames in order; a text says why the peer cannot be understood, and closes the link. */
  onFrames(frames: readonly Frame[]): string | undefined;
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

  /** What is to happen with a frame that both ends know; false where it is none of those. */
  control(frame: Frame): boolean {
    if (frame[0] === FRAME.PING) {
      this.writer.send(PONG);
      return true;
    }
    return frame[0] === FRAME.PONG;
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
    const frames = this.#reader.read(chunk);
    const fault = frames instanceof FrameFault ? frames.reason : this.#owner.onFrames(frames);
    if (fault !== undefined) this.destroy(fault);
    else if (this.#policy === "pauses while stuck" && this.#socket.writableLength > STUCK_BYTES) this.#socket.pause();
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
