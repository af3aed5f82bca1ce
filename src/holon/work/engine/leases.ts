import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import { TimerEntry } from "../../kernel/timers.ts";
import { RENEWALS_PER_LEASE, type ToldClaim } from "./lease-thread.ts";
import { Task, type TaskDeps } from "./task.ts";

/**
 * Another run may block the thread until the lease of a run that is about to begin is over. If the second thread has renewed that lease, the run waits this
 * long before it begins. In this time other work gets the thread.
 */
const BETWEEN_BLOCKS_MS = 250;

interface LeasesDeps<Claim> extends TaskDeps {
  /** The name of the renewal in the log and in readiness. */
  readonly task: string;
  /** How long a claim holds after it was made or renewed. */
  readonly leaseMs: number;
  /**
   * Lengthens the leases of these claims, each under its own fence. It must end within `deadlineMs`, and must not wait for a locked row. Errors: those of the
   * database; the claims are then renewed at the next look.
   */
  readonly renew: (claims: readonly Claim[], deadlineMs: number) => Promise<Renewal<Claim>>;
  /** Shows claims to the second thread, which renews while this one is blocked; undefined without a second thread. */
  readonly whileBlocked?: WhileBlocked<Claim> | undefined;
}

/** Shows a claim to the second thread, see {@link TellThread}. */
export type WhileBlocked<Claim> = (claim: Claim, onRenewed: (sentMs: number) => void) => ToldClaim;

/** The outcome of a renewal. Claims in neither set are still held and are renewed at the next look: their rows were locked. */
export interface Renewal<Claim> {
  readonly renewed: ReadonlySet<Claim>;
  /** Claims that are no longer held under their fence. */
  readonly lost: ReadonlySet<Claim>;
}

/**
 * The leases of the claims that this process works on.
 *
 * I1. A lease belongs to one run of a piece of work, never to its row. A second run of the same row has a lease of its own, and neither run ends the other's
 *     lease.
 * I2. Only claims that are held here are renewed. If a claim was written, but the answer of the database was lost, its lease ends by itself.
 * I3. A lease is lost if another process took it, or if it could not be renewed in time. `onLost` is then called once, and the lease is not renewed any more.
 *     If a lease could not be renewed, this process counts it as lost, by its own clock, before another process can take the claim.
 */
export class Leases<Claim> implements Closable {
  readonly #deps: LeasesDeps<Claim>;
  readonly #held = new Set<Lease<Claim>>();
  readonly #task: Task;

  constructor(deps: LeasesDeps<Claim>) {
    this.#deps = deps;
    this.#task = new Task({ ...deps, everyMs: deps.leaseMs / RENEWALS_PER_LEASE, run: () => this.#renew() });
    // The first run of the task starts its timer.
    this.#task.wake();
  }

  /** How many leases are held. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Keeps a claim alive until it is released. `sinceMs` is a moment on the monotonic clock, before the claim was sent to the database. If that moment is long
   * ago, because the database was slow, the lease is renewed at once.
   *
   * `onLost` is called at most once, with the reason, and never after the release. The run may begin only if {@link Lease.mayBegin} returns true.
   */
  hold(claim: Claim, sinceMs: number, onLost: (reason: HolonError) => void): Lease<Claim> {
    const lease = new Lease(this.#deps, this.#held, claim, onLost);
    lease.renewed(sinceMs);
    lease.told = this.#deps.whileBlocked?.(claim, (sentMs) => lease.renewed(sentMs));
    const { clock, leaseMs } = this.#deps;
    if (clock.monotonicMs() - sinceMs > leaseMs / RENEWALS_PER_LEASE) this.#task.wake();
    return lease;
  }

  /** Renews no lease any more. The leases that are held end by themselves. */
  async close(): Promise<void> {
    for (const lease of [...this.#held]) lease.release();
    await this.#task.close();
  }

  async #renew(): Promise<boolean> {
    const { clock, leaseMs, renew } = this.#deps;
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

type LeaseDeps = Pick<LeasesDeps<unknown>, "clock" | "timers" | "leaseMs">;

/** The lease of one claim, until it is released or lost. */
export class Lease<Claim> extends TimerEntry {
  readonly claim: Claim;
  readonly #deps: LeaseDeps;
  readonly #held: Set<Lease<Claim>>;
  readonly #onLost: (reason: HolonError) => void;
  #untilMs = Number.NEGATIVE_INFINITY;
  /** @internal The claim as the second thread sees it. */
  told: ToldClaim | undefined = undefined;

  /** Only {@link Leases.hold} calls this. */
  constructor(deps: LeaseDeps, held: Set<Lease<Claim>>, claim: Claim, onLost: (reason: HolonError) => void) {
    super();
    this.claim = claim;
    this.#deps = deps;
    this.#held = held;
    this.#onLost = onLost;
    held.add(this);
  }

  /** Whether the lease is still held: it was neither released nor lost. */
  get isHeld(): boolean {
    return this.#held.has(this);
  }

  /**
   * Returns whether the run may begin. Must be called right before the run begins. If the lease is over by the clock, the reports of the second thread are
   * read. If the second thread has not renewed the lease, it is lost, even if its timer has not run yet. If the second thread has renewed it, the run waits for
   * {@link BETWEEN_BLOCKS_MS} before it begins. In this time other work gets the thread.
   *
   * Another run may block this thread between the answer and the caller's next step. If the lease {@link isOver} then, this must be called again.
   */
  async mayBegin(): Promise<boolean> {
    while (this.isOver) {
      const heardMs = await nextPoll(this.#deps.clock);
      // The lease is lost only if it was over before the reports were read. If it ended after that, because a run blocked this thread again, more reports may
      // have arrived.
      if (this.#untilMs <= heardMs) this.lost("it was over before the run began");
      // Waits before the run begins, because the run may block the thread again. In this wait, a statement that is half sent can be sent to its end. The server
      // cancels a statement that stays half sent for longer than `statementTimeoutMs`.
      else await sleep(BETWEEN_BLOCKS_MS);
    }
    return this.isHeld;
  }

  /** Whether the lease is held here, and is over by the clock. A renewal whose report this thread has not read yet does not count. */
  get isOver(): boolean {
    return this.isHeld && this.#deps.clock.monotonicMs() >= this.#untilMs;
  }

  /** Must be called when the run begins: its time is counted from this moment. */
  begins(): void {
    if (this.isHeld) this.told?.begins();
  }

  /** Must be called when the run is over, before its end is written. */
  rests(): void {
    if (this.isHeld) this.told?.rests();
  }

  /** Stops the renewal. Must be called when the end of the run is written. */
  release(): void {
    if (this.isHeld) this.told?.ends();
    this.#deps.timers.remove(this);
    this.#held.delete(this);
  }

  /** @internal Notes a renewal: in the database the lease holds for `leaseMs` from this moment on, or longer. */
  renewed(sinceMs: number): void {
    if (!this.isHeld) return;
    this.#deps.timers.remove(this);
    // A report of the second thread may arrive before the answer to a renewal that was sent earlier.
    this.#untilMs = Math.max(this.#untilMs, sinceMs + this.#deps.leaseMs);
    this.#deps.timers.add(this, this.#untilMs);
  }

  /** @internal Ends the lease, and calls `onLost` (I3). */
  lost(why: string): void {
    if (!this.isHeld) return;
    this.release();
    this.#onLost(catalogueError("CANCELLED", `The lease was lost: ${why}.`));
  }

  /**
   * Called when the lease is over by the clock. The second thread may have renewed the lease while this thread was blocked. So its reports are read before the
   * lease counts as lost.
   */
  override expire(): void {
    setImmediate(() => {
      if (this.slot === undefined) this.lost("it could not be renewed in time");
    });
  }
}

/**
 * Waits until the event loop has read its messages. Resolves to the moment right before it read them: the first immediate runs before the messages are read,
 * and the second one after that.
 */
function nextPoll(clock: Clock): Promise<number> {
  return new Promise((resolve) => {
    setImmediate(() => {
      const nowMs = clock.monotonicMs();
      setImmediate(() => resolve(nowMs));
    });
  });
}
