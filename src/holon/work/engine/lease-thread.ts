import type { Clock, Closable, Logger } from "../../kernel/index.ts";

/**
 * How often a lease is renewed in its time. The process, its second thread and `ReclaimGuard` go by this one number: a silence of the database that the
 * guard does not notice must be no longer than the time between two renewals.
 */
export const RENEWALS_PER_LEASE = 3;

/** How the leases of one kind are renewed, as data that another thread can use. */
export interface LeaseStatement {
  /**
   * `$1` is an array of JSON: the key of each claim with its number `n`; `$2` the lease in milliseconds. It answers a row `{ n, renewed }` for each claim that is
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
export interface ThreadedClaim {
  /** Its id and fence, as the statement reads them. */
  readonly key: object;
  /** What is run, for the log. */
  readonly name: string;
  /** Longest that the run may take from now on. Units: milliseconds. */
  readonly forMs: number;
}

/** A claim on its way to the thread. */
export interface HeldClaim {
  readonly number: number;
  readonly kind: number;
  readonly key: object;
  readonly name: string;
  /** On the clock of the main thread. */
  readonly untilMs: number;
}

/** What the main thread says, each time with the moment on its clock. */
export type LeaseOrder =
  | { readonly kind: "open"; readonly number: number; readonly address: LeaseAddress; readonly statement: LeaseStatement }
  | { readonly kind: "beat"; readonly atMs: number; readonly held: readonly HeldClaim[]; readonly released: readonly number[] };

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

/** A claim that the thread knows. */
export interface ThreadedLease {
  /** Resolves when the thread has been told: the run must not begin before, for it may block at once. */
  readonly told: Promise<void>;
  release(): void;
}

/** Longest between two signs of life. */
const BEAT_MS = 1_000;
/** Signs of life in the time of a lease, at least. */
const BEATS = 15;

/**
 * A second thread that renews the leases of this process while its first one is blocked, by a handler that computes: blocked is not dead.
 *
 * I1. The thread knows of a claim before its run begins. Releases may come later: the fence makes a renewal of what is over do nothing.
 * I2. It renews only while signs of life are missing, and no claim for longer than its run may take: a loop without end counts as dead then.
 * I3. It stops with the process, and with SIGSTOP as well.
 *
 * While the first thread turns, the second one is told what is held, once a moment, and does nothing; it has no connection then.
 */
export class LeaseThread implements Closable {
  readonly #options: LeaseThreadOptions;
  readonly #renewed = new Map<number, (sentMs: number) => void>();
  #worker: LeaseWorker | undefined;
  #held: HeldClaim[] = [];
  #released: number[] = [];
  #telling: Promise<void> | undefined = undefined;
  #beat: NodeJS.Timeout | undefined = undefined;
  #beatMs = BEAT_MS;
  #kinds = 0;
  #claims = 0;

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

  /** Opens a kind of leases. What it answers tells the thread of a claim; `onRenewed` is called with the moment from which on its lease counts. */
  open(address: LeaseAddress, statement: LeaseStatement): (claim: ThreadedClaim, onRenewed: (sentMs: number) => void) => ThreadedLease {
    const kind = this.#kinds++;
    this.#worker?.postMessage({ kind: "open", number: kind, address, statement });
    this.#beatMs = Math.min(this.#beatMs, statement.leaseMs / BEATS);
    clearInterval(this.#beat);
    this.#beat = setInterval(() => this.#tell(), this.#beatMs);
    this.#beat.unref();
    return ({ key, name, forMs }, onRenewed) => {
      const number = this.#claims++;
      this.#renewed.set(number, onRenewed);
      this.#held.push({ number, kind, key, name, untilMs: this.#options.clock.monotonicMs() + forMs });
      // Claims of one moment are told together.
      this.#telling ??= Promise.resolve().then(() => this.#tell());
      return {
        told: this.#telling,
        release: () => {
          this.#released.push(number);
          // If this thread was blocked until now, what the other one has said is heard in the next turn of the loop only.
          setImmediate(() => setImmediate(() => this.#renewed.delete(number)));
        },
      };
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #tell(): void {
    const [held, released] = [this.#held, this.#released];
    this.#held = [];
    this.#released = [];
    this.#telling = undefined;
    this.#worker?.postMessage({ kind: "beat", atMs: this.#options.clock.monotonicMs(), held, released });
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
