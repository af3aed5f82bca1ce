import { catalogueError, type HolonError, markOrigin, type Scope, Semaphore } from "../../kernel/index.ts";

/** How many may pass at once, and how many wait how long. */
export interface PoolGateLimits {
  readonly poolCount: number;
  readonly poolWaitMs: number;
  readonly poolWaitingCount: number;
}

/**
 * Lets so many calls to the database at once as there are connections; the others wait in line, for a time, inside their deadline.
 *
 * Errors: OVERLOADED - too many wait, or it took too long; nothing was executed.
 */
export class PoolGate {
  readonly #limits: PoolGateLimits;
  readonly #places: Semaphore;
  /** Refuse the calls that wait. */
  readonly #refusals = new Set<(error: HolonError) => void>();
  #closed = false;

  constructor(limits: PoolGateLimits) {
    this.#limits = limits;
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

  /** Whether all places are taken. */
  get full(): boolean {
    return this.#places.free === 0;
  }

  /** Passes, now or when a place comes free. Undefined means now: the common case costs no promise. */
  enter(scope: Scope): Promise<void> | undefined {
    const reason = scope.cancelled;
    if (reason !== undefined) throw reason;
    if (this.#closed) throw closed();
    if (this.#places.tryEnter()) return undefined;
    if (this.waiting >= this.#limits.poolWaitingCount) throw overloaded(`${this.waiting} calls wait for a connection already (poolWaitingCount)`);
    return this.#wait(scope);
  }

  /** Gives the place to the call that has waited longest. */
  leave(): void {
    this.#places.leave();
  }

  /** Refuses the calls that wait and all that come. */
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
      const timer = setTimeout(
        () => refuse(overloaded(`no connection came free within ${this.#limits.poolWaitMs} ms (poolWaitMs)`)),
        this.#limits.poolWaitMs,
      );
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
