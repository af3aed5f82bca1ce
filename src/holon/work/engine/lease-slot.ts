/** A claim as both threads see it. */
export interface HeldClaim {
  /** Identifies the claim among all that are held. It is never 0. */
  readonly number: number;
  /** Number of the statement that renews the claim. */
  readonly kind: number;
  /** When the run of the claim began. While the run has not begun: when the claim was written into its slot. It is a moment on the clock of the main thread. */
  readonly sinceMs: number;
  /** How long the run may take. */
  readonly forMs: number;
  /** Whether the run has begun and is not over: only such a run may be the one that blocks the main thread. */
  readonly isAtWork: boolean;
  /** The id of the row. It contains no spaces. */
  readonly id: string;
  /** The fence of the claim. It contains no spaces. */
  readonly fence: string;
  /** The name of what runs, for the log. */
  readonly name: string;
}

const SLOT_BYTES = 512;
/** The number of slots in a page. */
const SLOTS_COUNT = 64;
const HEAD_BYTES = 40;

/** The indexes of the times at the head of a slot. Each time has 8 bytes. */
const SINCE_MS = 0;
const FOR_MS = 1;
const TIMES_COUNT = 2;
/** The indexes of the words at the head of a slot, after the times. Each word has 4 bytes. */
const NUMBER = 4;
const KIND = 5;
const TEXT_BYTES = 6;
const IS_READ = 7;
const IS_AT_WORK = 8;

/**
 * A place for one claim in memory that two threads share. The main thread writes it and the second thread reads it. Neither wakes the other or waits for it.
 *
 * I1. The number is written last. It is 0 while the slot is free or being written. So if the number is the same before and after a read, all that was read
 *     belongs to one claim.
 * I2. The second thread marks the slot as read, and then looks at the number again. The main thread clears the number, and then looks at the mark. So either
 *     the second thread sees that the claim is gone, or the main thread learns that the second thread may still act for the claim.
 *
 * Even a wrong read does no harm: no row has the id of one claim and the fence of another.
 */
export class LeaseSlot {
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #text: Buffer;

  constructor(page: SharedArrayBuffer, offset: number) {
    this.#words = new Int32Array(page, offset, HEAD_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.#times = new Float64Array(page, offset, TIMES_COUNT);
    this.#text = Buffer.from(page, offset + HEAD_BYTES, SLOT_BYTES - HEAD_BYTES);
  }

  /** Memory for some slots, all of them free. */
  static newPage(): SharedArrayBuffer {
    return new SharedArrayBuffer(SLOT_BYTES * SLOTS_COUNT);
  }

  /** The slots of a page. */
  static of(page: SharedArrayBuffer): LeaseSlot[] {
    return Array.from({ length: page.byteLength / SLOT_BYTES }, (_, n) => new LeaseSlot(page, n * SLOT_BYTES));
  }

  /** Writes a claim whose run has not begun into a free slot. A name that is too long is cut. */
  write({ number, kind, sinceMs, forMs, id, fence, name }: Omit<HeldClaim, "isAtWork">): void {
    this.#times[SINCE_MS] = sinceMs;
    this.#times[FOR_MS] = forMs;
    this.#words[IS_AT_WORK] = 0;
    this.#words[KIND] = kind;
    this.#words[TEXT_BYTES] = this.#text.write(`${id} ${fence} ${name}`);
    this.#words[IS_READ] = 0;
    Atomics.store(this.#words, NUMBER, number);
  }

  /** Notes that the run begins now: the time that it may take is counted from this moment. */
  begin(nowMs: number): void {
    this.#times[SINCE_MS] = nowMs;
    Atomics.store(this.#words, IS_AT_WORK, 1);
  }

  /** Notes that the run is over; its end is not written yet. */
  rest(): void {
    Atomics.store(this.#words, IS_AT_WORK, 0);
  }

  /** Frees the slot. Returns whether the second thread has read its claim (I2). */
  clear(): boolean {
    Atomics.store(this.#words, NUMBER, 0);
    return Atomics.load(this.#words, IS_READ) !== 0;
  }

  /** The claim; undefined if the slot is free, or if the main thread is writing it. */
  read(): HeldClaim | undefined {
    const number = Atomics.load(this.#words, NUMBER);
    if (number === 0) return undefined;
    const [kind = 0, textBytes = 0] = [this.#words[KIND], this.#words[TEXT_BYTES]];
    // This is read before the times, and `begin` writes the time first. So a run at work is never seen with the moment at which its wait began.
    const isAtWork = Atomics.load(this.#words, IS_AT_WORK) !== 0;
    const [sinceMs = 0, forMs = 0] = this.#times;
    const [id = "", fence = "", ...name] = this.#text.toString("utf8", 0, textBytes).split(" ");
    Atomics.store(this.#words, IS_READ, 1);
    if (Atomics.load(this.#words, NUMBER) !== number) return undefined;
    return { number, kind, sinceMs, forMs, isAtWork, id, fence, name: name.join(" ") };
  }
}
