import type { Clock, Closable, Logger } from "../../kernel/index.ts";
import { type HeldClaim, LeaseSlot } from "./lease-slot.ts";

/**
 * How often a lease is renewed in its time. The process, its second thread and `ReclaimGuard` go by this one number: a silence of the database that the
 * guard does not notice must be no longer than the time between two renewals.
 */
export const RENEWALS_PER_LEASE = 3;

/** How the leases of one kind are renewed, as data that another thread can use. */
export interface LeaseStatement {
  /**
   * `$1` is an array of JSON, with `n`, `id` and `fence` of each claim; `$2` the lease in milliseconds. It answers a row `{ n, renewed }` for each claim that is
   * still held, and does not wait for locked rows.
   */
  readonly text: string;
  readonly leaseMs: number;
}

/** Where the rows are. */
export interface LeaseAddress {
  readonly context: string;
  readonly url: string;
  readonly role: string | undefined;
}

/** What a thread needs of a claim. */
export interface ThreadedClaim extends Pick<HeldClaim, "id" | "fence" | "name"> {
  /** Longest that the run may take from when it begins. Units: milliseconds. */
  readonly forMs: number;
}

/** What the main thread says, with the moment on its clock: each is a sign of life. */
export type LeaseOrder = { readonly atMs: number } & (
  | { readonly kind: "open"; readonly number: number; readonly address: LeaseAddress; readonly statement: LeaseStatement }
  /** Here are more slots. */
  | { readonly kind: "page"; readonly page: SharedArrayBuffer }
  | { readonly kind: "beat" }
);

/** What the thread says: which claims it has renewed, and when it asked, on the clock of the main thread. */
export interface LeaseReport {
  readonly renewed: readonly number[];
  readonly sentMs: number;
}

/** The other thread. */
export interface LeaseWorker {
  postMessage(order: LeaseOrder): void;
  on(event: "message", listener: (report: LeaseReport) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  unref(): void;
  terminate(): Promise<unknown>;
}

/** What {@link LeaseThread} is made from. */
export interface LeaseThreadOptions {
  /** Starts the thread. Errors: it cannot be started here. */
  readonly start: () => LeaseWorker;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A claim that the thread has been told of. */
export interface ToldClaim {
  /** Its run begins now. */
  begins(): void;
  /** Its run is over, and its end is still to be written. */
  rests(): void;
  /** It is not held any more. To be called once, and last. */
  ends(): void;
}

/** Tells the thread of a claim. `onRenewed` is called with a moment, on the clock of the main thread: the lease counts from then on. */
export type TellThread = (claim: ThreadedClaim, onRenewed: (sentMs: number) => void) => ToldClaim;

/** Longest between two signs of life. */
const BEAT_MS = 1_000;
/** Signs of life in the time of a lease, at least. */
const BEATS = 15;

/** Numbers of claims fit into 32 bits with a sign. */
const GREATEST_NUMBER = 0x7fff_ffff;

/**
 * A second thread that renews the leases of this process while its first one is blocked, by a handler that computes: blocked is not dead.
 *
 * I1. The thread can read of a claim before its run begins, until its end is written: what is held stands in memory that both threads share.
 * I2. It renews only while signs of life are missing, and a run that is at work for as long as it may take from when it began. Then that counts as a loop
 *     without end, unless another run has begun after it since the last sign of life: the process got from it to that one, and it is renewed as long as that.
 * I3. What waits to begin, or to have its end written, cannot be what blocks: it is renewed as long as any run that is at work. So runs that keep within their
 *     own time and block one after the other keep all their leases, and a loop without end loses those of the whole process, once all these times are up.
 * I4. It stops with the process, and with SIGSTOP as well.
 *
 * While the first thread turns, the second one gets a sign of life now and then, and does nothing; it has no connection then. A claim costs no message.
 */
export class LeaseThread implements Closable {
  readonly #options: LeaseThreadOptions;
  readonly #renewed = new Map<number, (sentMs: number) => void>();
  readonly #free: LeaseSlot[] = [];
  readonly #ended = (slot: LeaseSlot, number: number): void => {
    const isRead = slot.clear();
    this.#free.push(slot);
    // If this thread was blocked until now, what the other one has said is heard in the next turn of the loop only.
    if (isRead) setImmediate(() => setImmediate(() => this.#renewed.delete(number)));
    else this.#renewed.delete(number);
  };
  #worker: LeaseWorker | undefined;
  #beat: NodeJS.Timeout | undefined = undefined;
  #beatMs = BEAT_MS;
  #kinds = 0;
  #number = 0;

  constructor(options: LeaseThreadOptions) {
    const { start, log } = options;
    this.#options = options;
    try {
      this.#worker = start();
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#worker.unref();
    this.#worker.on("error", (error) => this.#failed(error));
    this.#worker.on("message", ({ renewed, sentMs }) => {
      for (const number of renewed) this.#renewed.get(number)?.(sentMs);
    });
    log.debug({}, "leases are renewed by a second thread while this process is blocked");
  }

  /** Opens a kind of leases. */
  open(address: LeaseAddress, statement: LeaseStatement): TellThread {
    const { clock } = this.#options;
    const kind = this.#kinds++;
    this.#worker?.postMessage({ kind: "open", number: kind, address, statement, atMs: clock.monotonicMs() });
    this.#beatMs = Math.min(this.#beatMs, statement.leaseMs / BEATS);
    clearInterval(this.#beat);
    this.#beat = setInterval(() => this.#worker?.postMessage({ kind: "beat", atMs: clock.monotonicMs() }), this.#beatMs);
    this.#beat.unref();
    return ({ id, fence, name, forMs }, onRenewed) => {
      const number = this.#nextNumber();
      const slot = this.#free.pop() ?? this.#grow();
      this.#renewed.set(number, onRenewed);
      slot.write({ number, kind, sinceMs: clock.monotonicMs(), forMs, id, fence, name });
      return new SlotClaim(slot, clock, this.#ended, number);
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #nextNumber(): number {
    do this.#number = (this.#number % GREATEST_NUMBER) + 1;
    while (this.#renewed.has(this.#number));
    return this.#number;
  }

  /** Makes more slots. That the message is under way is enough: it gets there also while this thread is blocked. */
  #grow(): LeaseSlot {
    const page = LeaseSlot.newPage();
    this.#worker?.postMessage({ kind: "page", page, atMs: this.#options.clock.monotonicMs() });
    const [slot, ...free] = LeaseSlot.of(page);
    this.#free.push(...free);
    return slot as LeaseSlot;
  }

  #failed(error: unknown): void {
    if (this.#worker !== undefined) clearInterval(this.#beat);
    this.#worker = undefined;
    this.#options.log.warn(
      { err: error },
      "no second thread renews leases: a job or step that blocks this process for longer than its lease is taken for dead; keep lease-worker beside the bundle",
    );
  }
}

/** A claim in its slot. */
class SlotClaim implements ToldClaim {
  readonly #slot: LeaseSlot;
  readonly #clock: Clock;
  readonly #onEnd: (slot: LeaseSlot, number: number) => void;
  readonly #number: number;

  constructor(slot: LeaseSlot, clock: Clock, onEnd: (slot: LeaseSlot, number: number) => void, number: number) {
    this.#slot = slot;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#number = number;
  }

  begins(): void {
    this.#slot.begin(this.#clock.monotonicMs());
  }

  rests(): void {
    this.#slot.rest();
  }

  ends(): void {
    this.#onEnd(this.#slot, this.#number);
  }
}
