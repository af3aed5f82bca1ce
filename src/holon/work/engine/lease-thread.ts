import type { Clock } from "../../kernel/clock.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { Logger } from "../../kernel/log.ts";
import { type HeldClaim, LeaseSlot } from "./lease-slot.ts";

/**
 * How often a lease is renewed while it holds. The process, its second thread and `ReclaimGuard` must use the same number: if the database is silent for longer
 * than the time between two renewals, the guard must notice it.
 */
export const RENEWALS_PER_LEASE = 3;

/** How the leases of one kind are renewed, as data that another thread can use. */
export interface LeaseStatement {
  /**
   * `$1` is a JSON array with `n`, `id` and `fence` of each claim; `$2` is the lease in milliseconds. The statement returns a row `{ n, renewed }` for each
   * claim that is still held, and does not wait for locked rows.
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
  /** Longest time that the run may take, from its beginning. Units: milliseconds. */
  readonly forMs: number;
}

/** A message of the main thread. It carries the moment at which it was sent, on the main thread's clock. Each message is a sign of life. */
export type LeaseOrder = { readonly atMs: number } & (
  | { readonly kind: "open"; readonly number: number; readonly address: LeaseAddress; readonly statement: LeaseStatement }
  /** Hands over memory for more slots. */
  | { readonly kind: "page"; readonly page: SharedArrayBuffer }
  | { readonly kind: "beat" }
);

/** A message of the second thread: which claims it has renewed, and when it sent the renewal, on the clock of the main thread. */
export interface LeaseReport {
  readonly renewed: readonly number[];
  readonly sentMs: number;
}

/** The second thread, as the main thread uses it. */
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
  /** Must be called when the run of the claim begins. */
  begins(): void;
  /** Must be called when the run is over, before its end is written. */
  rests(): void;
  /** Must be called when the claim is not held any more: once, and as the last of these methods. */
  ends(): void;
}

/** Shows a claim to the second thread. `onRenewed` is called with a moment on the clock of the main thread: the lease counts from that moment. */
export type TellThread = (claim: ThreadedClaim, onRenewed: (sentMs: number) => void) => ToldClaim;

/** Longest time between two signs of life. */
const BEAT_MS = 1_000;
/** Fewest signs of life during one lease. */
const BEATS = 15;

/** Numbers of claims fit into a signed integer of 32 bits. */
const GREATEST_NUMBER = 0x7fff_ffff;

/**
 * A second thread that renews the leases of this process while the main thread is blocked by a handler that computes: a blocked process is not dead.
 *
 * I1. The second thread can read a claim from before the claim's run begins until the end of the run is written. The claims are in memory that both threads
 *     share.
 * I2. It renews only while signs of life are missing. It renews the claim of a run at work for as long as the run may take, counted from the run's beginning.
 *     After that the run counts as an endless loop, with one exception: another run began later, and after the last sign of life. This proves that the process
 *     got past the first run. So the claim of the first run is then renewed for as long as the other run may take.
 * I3. A claim whose run has not begun, or whose run is over and waits for its end to be written, cannot be what blocks the main thread. It is renewed for as
 *     long as any run at work. So if runs block one after the other and each keeps within its time, all leases are kept. An endless loop costs the process all
 *     its leases, once all these times are up.
 * I4. The second thread stops with the process, also if SIGSTOP stops the process.
 *
 * While the main thread runs, the second thread only gets a sign of life now and then. It has no connection then, and a claim costs no message.
 */
export class LeaseThread implements Closable {
  readonly #deps: LeaseThreadDeps;
  readonly #renewed = new Map<number, (sentMs: number) => void>();
  readonly #free: LeaseSlot[] = [];
  readonly #ended = (slot: LeaseSlot, number: number): void => {
    const isRead = slot.clear();
    this.#free.push(slot);
    // If this thread was blocked until now, a report of the second thread arrives only in the next round of the event loop.
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

  /** Makes more slots. This thread need not wait for an answer: the message arrives even while this thread is blocked. */
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
      "no second thread renews leases: a job or step that blocks this process for longer than its lease counts as dead; put the file lease-worker, with the same extension, into the folder of the bundle",
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
