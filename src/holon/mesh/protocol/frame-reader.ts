import { isAscii, isUtf8 } from "node:buffer";
import type { Frame } from "./frame-kind.ts";

/** Why bytes of a peer are not frames. The connection cannot go on, because it is unknown where the next frame begins. */
export class FrameFault {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

const NEWLINE = 10;
const NO_FRAMES: readonly Frame[] = [];

/**
 * Cuts the bytes of a socket into frames.
 *
 * All whole frames of a chunk are parsed as one JSON text. The bytes of an unfinished frame are kept, at most as many as a frame may have.
 */
export class FrameReader {
  readonly #limitBytes: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #frames = 0;
  #hasEscapes = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** How many bytes of an unfinished frame are kept. */
  get unfinishedBytes(): number {
    return this.#restBytes;
  }

  /** How many frames were read. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * Whether the frames that were read last have escaped characters. Half of a surrogate pair can arrive only as an escape, because bytes that are not
   * UTF-8 are refused.
   */
  get hasEscapes(): boolean {
    return this.#hasEscapes;
  }

  /** The frames that this chunk completes, in order. */
  read(chunk: Buffer): readonly Frame[] | FrameFault {
    const newline = chunk.lastIndexOf(NEWLINE);
    if (newline < 0) return this.#keep(chunk);
    let whole = chunk.subarray(0, newline + 1);
    if (this.#restBytes > 0) {
      this.#rest.push(whole);
      whole = Buffer.concat(this.#rest, this.#restBytes + whole.length);
      this.#rest = [];
      this.#restBytes = 0;
    }
    if (newline + 1 < chunk.length) {
      const kept = this.#keep(chunk.subarray(newline + 1));
      if (kept instanceof FrameFault) return kept;
    }
    if (whole.length > this.#limitBytes && hasLongLine(whole, this.#limitBytes)) return this.#tooLarge();
    return this.#parse(whole);
  }

  #keep(bytes: Buffer): readonly Frame[] | FrameFault {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
    return this.#restBytes > this.#limitBytes ? this.#tooLarge() : NO_FRAMES;
  }

  #tooLarge(): FrameFault {
    this.#rest = [];
    this.#restBytes = 0;
    return new FrameFault(`a frame is larger than ${this.#limitBytes} bytes (limit frameBytes)`);
  }

  #parse(whole: Buffer): readonly Frame[] | FrameFault {
    const end = whole.length - 2;
    let text: string;
    if (isAscii(whole)) text = whole.toString("latin1", 0, end);
    else if (isUtf8(whole)) text = whole.toString("utf8", 0, end);
    else return new FrameFault("a frame is not UTF-8");
    this.#hasEscapes = text.includes("\\u");
    let frames: unknown;
    try {
      frames = JSON.parse(`[${text}]`);
    } catch {
      return new FrameFault("a frame is not JSON");
    }
    for (const frame of frames as unknown[]) {
      if (!Array.isArray(frame) || typeof frame[0] !== "number") return new FrameFault("a frame is not an array that begins with its kind");
    }
    this.#frames += (frames as Frame[]).length;
    return frames as Frame[];
  }
}

function hasLongLine(bytes: Buffer, limitBytes: number): boolean {
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    if (newline - from >= limitBytes) return true;
    from = newline + 1;
  }
  return false;
}
