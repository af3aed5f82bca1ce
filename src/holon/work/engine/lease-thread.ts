import type { Clock } from "../../kernel/clock.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { Logger } from "../../kernel/log.ts";
import { type HeldClaim, LeaseSlot } from "./lease-slot.ts";

/**
 * How often a lease is renewed in its time. The process, its second thread and `ReclaimGuard` use this one number: a silence of the database that the guard
 * does not notice must not be longer than the time between two renewals.
 */
export const RENEWALS_PER_LEASE = 3;

/** How the leases of one kind are renewed, as data that another thread can use. */
export interface LeaseStatement {
  /**
   * `$1` is a JSON array with `n`, `id` and `fence` of each claim; `$2` is the lease in milliseconds. It returns a row `{ n, renewed }` for each claim that is
   * still held, and does not wait for locked rows.
   */
  readonly text: string;
  readonly leaseMs: number;
}

/** The database and the context that the rows are in. */
export interface LeaseAddress {
  readonly context: string;
  readonly url: string;
  readonly role: string | undefined;
}

/** The data of a claim that the second thread uses. */
interface ThreadedClaim extends Pick<HeldClaim, "id" | "fence" | "name"> {
  /** Longest that the run may take from when it begins. Units: milliseconds. */
  readonly forMs: number;
}

/** A message of the main thread. It carries the moment on its clock, and is a sign of life. */
export type LeaseOrder = { readonly atMs: number } & (
  | { readonly kind: "open"; readonly number: number; readonly address: LeaseAddress; readonly statement: LeaseStatement }
  /** More slots. */
  | { readonly kind: "page"; readonly page: SharedArrayBuffer }
  | { readonly kind: "beat" }
);

/** A message of the second thread: which claims it has renewed, and when it sent the renewal, on the clock of the main thread. */
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

interface LeaseThreadDeps {
  /** Starts the thread. Errors: it cannot be started in this process. */
  readonly start: () => LeaseWorker;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A claim that the second thread can read. */
export interface ToldClaim {
  /** Its run begins now. */
  begins(): void;
  /** Its run is over; its end is not written yet. */
  rests(): void;
  /** It is not held any more. Must be called once, and last. */
  ends(): void;
}

/** Shows a claim to the second thread. `onRenewed` is called with a moment on the clock of the main thread: the lease counts from that moment. */
export type TellThread = (claim: ThreadedClaim, onRenewed: (sentMs: number) => void) => ToldClaim;

/** Longest time between two signs of life. */
const BEAT_MS = 1_000;
/** Fewest signs of life in the time of a lease. */
const BEATS = 15;

/** Numbers of claims fit into a signed integer of 32 bits. */
const GREATEST_NUMBER = 0x7fff_ffff;

/**
 * A second thread that renews the leases of this process while the main thread is blocked by a handler that computes: a blocked process is not dead.
 *
 * I1. The second thread can read a claim from before its run begins until its end is written: claims that are held are in memory that both threads share.
 * I2. It renews only while signs of life are missing. It renews a run that is at work for as long as that run may take, counted from its beginning. After that
 *     the run counts as an endless loop, unless another run has begun after it since the last sign of life: that proves that the process got past the first
 *     run, which is then renewed for as long as the other one may take.
 * I3. A claim that waits to begin, or waits for its end to be written, cannot be what blocks. It is renewed for as long as any run at work. So runs that keep
 *     within their time and block one after the other keep all their leases. An endless loop loses the leases of the whole process, once all these times are
 *     up.
 * I4. It stops with the process, also when the process is stopped by SIGSTOP.
 *
 * While the main thread runs, the second one only gets a sign of life now and then. It has no connection then, and a claim costs no message.
 */
export class LeaseThread implements Closable {
  readonly #deps: LeaseThreadDeps;
  readonly #renewed = new Map<number, (sentMs: number) => void>();
  readonly #free: LeaseSlot[] = [];
  readonly #ended = (slot: LeaseSlot, number: number): void => {
    const isRead = slot.clear();
    this.#free.push(slot);
    // If this thread was blocked until now, a report of the other thread arrives only in the next turn of the loop.
    if (isRead) setImmediate(() => setImmediate(() => this.#renewed.delete(number)));
    else this.#renewed.delete(number);
  };
  #worker: LeaseWorker | undefined;
  #beat: NodeJS.Timeout | undefined = undefined;
  #beatMs = BEAT_MS;
  #kinds = 0;
  #number = 0;

  constructor(deps: LeaseThreadDeps) {
    const { start, log } = deps;
    this.#deps = deps;
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

  /** Opens a kind of leases. Returns the function that shows a claim of this kind to the second thread. */
  open(address: LeaseAddress, statement: LeaseStatement): TellThread {
    const { clock } = this.#deps;
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

  /** Makes more slots. Sending the message is enough: it arrives even while this thread is blocked. */
  #grow(): LeaseSlot {
    const page = LeaseSlot.newPage();
    this.#worker?.postMessage({ kind: "page", page, atMs: this.#deps.clock.monotonicMs() });
    const [slot, ...free] = LeaseSlot.of(page);
    this.#free.push(...free);
    return slot as LeaseSlot;
  }

  #failed(error: unknown): void {
    if (this.#worker !== undefined) clearInterval(this.#beat);
    this.#worker = undefined;
    this.#deps.log.warn(
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
