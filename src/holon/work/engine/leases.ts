import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, type Closable, catalogueError, type HolonError, type TimerWheel, WheelEntry } from "../../kernel/index.ts";
import { RENEWALS_PER_LEASE, type ToldClaim } from "./lease-thread.ts";
import { Task, type TaskDeps } from "./task.ts";

/** How long a run that is to begin leaves the thread to others, if another one has blocked it for the rest of its lease. */
const BETWEEN_BLOCKS_MS = 250;

/** What {@link Leases} is made from. */
export interface LeasesOptions<Claim> extends TaskDeps {
  /** Named in the log and in readiness. */
  readonly task: string;
  /** How long a claim holds after it was made or renewed. */
  readonly leaseMs: number;
  /**
   * Lengthens the leases of these claims, each under its own fence. It must end within its deadline, and must not wait for a row that is locked.
   * Errors: the database's; the claims are renewed at the next look.
   */
  readonly renew: (claims: readonly Claim[], deadlineMs: number) => Promise<Renewal<Claim>>;
  /** Renews while this thread is blocked; undefined if no second thread does. */
  readonly whileBlocked?: WhileBlocked<Claim> | undefined;
}

/** Tells a second thread of a claim, see {@link TellThread}. */
export type WhileBlocked<Claim> = (claim: Claim, onRenewed: (sentMs: number) => void) => ToldClaim;

/** What became of claims that were to be renewed. Those in neither set are still held, and are renewed at the next look: their rows were locked. */
export interface Renewal<Claim> {
  readonly renewed: ReadonlySet<Claim>;
  /** No longer held under their fence. */
  readonly lost: ReadonlySet<Claim>;
}

/**
 * The leases of the claims that are worked in this process.
 *
 * I1. A lease belongs to one run of a piece of work, never to its row: a second run of the same row has a lease of its own, and neither ends the other's.
 * I2. Only what is held here is renewed. A claim that was written and never heard of ends by itself.
 * I3. A lease that another process took, or that could not be renewed until it was over, is lost: its run is told once, before
 *     another process can have the claim by the clock of this one, and is not renewed any more.
 */
export class Leases<Claim> implements Closable {
  readonly #options: LeasesOptions<Claim>;
  readonly #held = new Set<Lease<Claim>>();
  readonly #task: Task;

  constructor(options: LeasesOptions<Claim>) {
    this.#options = options;
    this.#task = new Task({ ...options, everyMs: options.leaseMs / RENEWALS_PER_LEASE, run: () => this.#renew() });
    // The first look starts the timer.
    this.#task.wake();
  }

  /** How many are held. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Keeps a claim alive until it is released. `sinceMs` is a moment, on the monotonic clock, before the claim was sent to the database. If that was long
   * ago, because the database took its time, the lease is renewed at once.
   *
   * `onLost` is called at most once, with the reason, and never after the release. The run begins if {@link Lease.mayBegin} says so.
   */
  hold(claim: Claim, sinceMs: number, onLost: (reason: HolonError) => void): Lease<Claim> {
    const lease = new Lease(this.#options, this.#held, claim, onLost);
    lease.renewed(sinceMs);
    lease.told = this.#options.whileBlocked?.(claim, (sentMs) => lease.renewed(sentMs));
    const { clock, leaseMs } = this.#options;
    if (clock.monotonicMs() - sinceMs > leaseMs / RENEWALS_PER_LEASE) this.#task.wake();
    return lease;
  }

  /** Renews nothing more; what is held is left to its end. */
  async close(): Promise<void> {
    for (const lease of [...this.#held]) lease.release();
    await this.#task.close();
  }

  async #renew(): Promise<boolean> {
    const { clock, leaseMs, renew } = this.#options;
    const leases = [...this.#held];
    if (leases.length === 0) return false;
    const sentMs = clock.monotonicMs();
    const { renewed, lost } = await renew(
      leases.map(({ claim }) => claim),
      leaseMs / RENEWALS_PER_LEASE,
    );
    for (const lease of leases) {
      if (renewed.has(lease.claim)) lease.renewed(sentMs);
      else if (lost.has(lease.claim)) lease.lost("another process has it");
    }
    return false;
  }
}

/** One lease: of one claim, until it is released or lost. */
export class Lease<Claim> extends WheelEntry {
  readonly claim: Claim;
  readonly #deps: { readonly clock: Clock; readonly wheel: TimerWheel; readonly leaseMs: number; readonly task: string };
  readonly #held: Set<Lease<Claim>>;
  readonly #onLost: (reason: HolonError) => void;
  #untilMs = Number.NEGATIVE_INFINITY;
  /** @internal What a second thread knows of it. */
  told: ToldClaim | undefined = undefined;

  /** Use {@link Leases.hold}. */
  constructor(
    deps: { readonly clock: Clock; readonly wheel: TimerWheel; readonly leaseMs: number; readonly task: string },
    held: Set<Lease<Claim>>,
    claim: Claim,
    onLost: (reason: HolonError) => void,
  ) {
    super();
    this.claim = claim;
    this.#deps = deps;
    this.#held = held;
    this.#onLost = onLost;
    held.add(this);
  }

  /** Whether it is still held, as far as this process knows. */
  get isHeld(): boolean {
    return this.#held.has(this);
  }

  /**
   * To be asked right before the run begins. A lease that is over by the clock is lost by that: its timer may not have had its turn yet. If this thread was
   * blocked, by the run before, what a second one has renewed meanwhile is heard first, and all else that goes on in this process has a moment.
   *
   * Another run may block this thread between the answer and what waits for it: if the lease {@link isOver} then, it is to be asked again.
   */
  async mayBegin(): Promise<boolean> {
    while (this.isOver) {
      const heardMs = await nextPoll(this.#deps.clock);
      // If a run has blocked this thread after all was heard, there may be more to hear.
      if (this.#untilMs <= heardMs) this.lost("it was over before the run began");
      // The server cancels a statement that is half sent for longer than `statementTimeoutMs`: this run may block the thread again.
      else await sleep(BETWEEN_BLOCKS_MS);
    }
    return this.isHeld;
  }

  /** Whether it is held here, and over by the clock as far as this thread has heard. */
  get isOver(): boolean {
    return this.isHeld && this.#deps.clock.monotonicMs() >= this.#untilMs;
  }

  /** The run begins now: its time counts from here. */
  begins(): void {
    if (this.isHeld) this.told?.begins();
  }

  /** The run is over, and its end is still to be written. */
  rests(): void {
    if (this.isHeld) this.told?.rests();
  }

  /** Ends the renewal, since the end of the run is written. */
  release(): void {
    if (this.isHeld) this.told?.ends();
    this.#deps.wheel.remove(this);
    this.#held.delete(this);
  }

  /** @internal The database holds it for a whole lease from this moment on. */
  renewed(sinceMs: number): void {
    if (!this.isHeld) return;
    this.#deps.wheel.remove(this);
    // What the second thread has renewed may be heard before the answer to a renewal that was sent before it.
    this.#untilMs = Math.max(this.#untilMs, sinceMs + this.#deps.leaseMs);
    this.#deps.wheel.add(this, this.#untilMs);
  }

  /** @internal */
  lost(why: string): void {
    if (!this.isHeld) return;
    this.release();
    this.#onLost(catalogueError("CANCELLED", `The lease was lost: ${why}.`));
  }

  /** What a second thread has renewed while this one was blocked is heard first. */
  override expire(): void {
    setImmediate(() => {
      if (this.slot === undefined) this.lost("it could not be renewed in time");
    });
  }
}

/** Resolves when the loop has looked for messages, to a moment right before that: an immediate of now comes before it looks. */
function nextPoll(clock: Clock): Promise<number> {
  return new Promise((resolve) => {
    setImmediate(() => {
      const nowMs = clock.monotonicMs();
      setImmediate(() => resolve(nowMs));
    });
  });
}
