import type { Clock } from "../../kernel/clock.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import { markOrigin } from "../../kernel/origin.ts";
import type { Scope } from "../../kernel/scope.ts";
import { Semaphore } from "../../kernel/semaphore.ts";

/** How many calls may pass at once, how many may wait, and how long. */
interface PoolGateLimits {
  readonly poolCount: number;
  readonly poolWaitMs: number;
  readonly poolWaitingCount: number;
}

/** If the timer of a waiting call fires this much too late, the process was frozen. Units: milliseconds. */
const FROZEN_MS = 1_000;

/**
 * Lets as many calls to the database pass at once as there are connections. The other calls queue for a limited time, within their deadline.
 *
 * While the process was frozen, no call could leave. So the calls that waited in this time may wait for the full time once more.
 *
 * Errors: OVERLOADED - too many calls wait, or the wait took too long; nothing was executed.
 */
export class PoolGate {
  readonly #limits: PoolGateLimits;
  readonly #clock: Clock;
  readonly #places: Semaphore;
  /** Functions that refuse the waiting calls. */
  readonly #refusals = new Set<(error: HolonError) => void>();
  #closed = false;

  constructor(limits: PoolGateLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#places = new Semaphore(limits.poolCount);
  }

  get inUse(): number {
    return this.#places.inUse;
  }

  get waiting(): number {
    return this.#places.waiting;
  }

  /** Whether a call would pass without waiting. */
  get free(): boolean {
    return !this.#closed && this.#places.free > 0;
  }

  /** Whether all slots are taken. */
  get full(): boolean {
    return this.#places.free === 0;
  }

  /** Passes, now or when a slot is free. The result is undefined if the call passes now, so that the common case costs no promise. */
  enter(scope: Scope): Promise<void> | undefined {
    const reason = scope.cancelled;
    if (reason !== undefined) throw reason;
    if (this.#closed) throw closed();
    if (this.#places.tryEnter()) return undefined;
    if (this.waiting >= this.#limits.poolWaitingCount) throw overloaded(`${this.waiting} calls wait for a connection already (poolWaitingCount)`);
    return this.#wait(scope);
  }

  /** Frees a slot. The call that has waited longest gets it. */
  leave(): void {
    this.#places.leave();
  }

  /** Refuses the waiting calls and all later ones. */
  close(): void {
    this.#closed = true;
    for (const refuse of [...this.#refusals]) refuse(closed());
  }

  #wait(scope: Scope): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#refusals.delete(refuse);
        clearTimeout(timer);
        forget();
      };
      const giveUp = this.#places.wait(() => {
        settle();
        resolve();
      });
      const refuse = (error: HolonError) => {
        giveUp();
        settle();
        reject(error);
      };
      const { poolWaitMs } = this.#limits;
      const late = () => refuse(overloaded(`no connection came free within ${poolWaitMs} ms (poolWaitMs)`));
      const frozenAtMs = this.#clock.monotonicMs() + poolWaitMs + FROZEN_MS;
      let timer = setTimeout(() => {
        if (this.#clock.monotonicMs() < frozenAtMs) late();
        else timer = setTimeout(late, poolWaitMs);
      }, poolWaitMs);
      this.#refusals.add(refuse);
      const forget = scope.onCancel(refuse);
    });
  }
}

function overloaded(why: string): HolonError {
  const error = catalogueError("OVERLOADED", `The database connections of this context are all in use: ${why}.`, { executed: "no" });
  return markOrigin(error, { layer: "database", isPassing: true });
}

function closed(): HolonError {
  const error = catalogueError("UNAVAILABLE", "The process is stopping and takes no more work.", { executed: "no" });
  return markOrigin(error, { layer: "database", isPassing: false });
}
