import { catalogueError, type HolonError, markOrigin, type Scope } from "../../kernel/index.ts";

/** How many may pass at once, and how many wait how long. */
export interface PoolGateLimits {
  readonly poolCount: number;
  readonly poolWaitMs: number;
  readonly poolWaitingCount: number;
}

interface Waiter {
  readonly pass: () => void;
  readonly refuse: (error: HolonError) => void;
}

/**
 * Lets so many calls to the database at once as there are connections; the others wait in line, for a time, inside their deadline.
 *
 * Errors: OVERLOADED - too many wait, or it took too long; nothing was executed.
 */
export class PoolGate {
  readonly #limits: PoolGateLimits;
  readonly #waiting = new Set<Waiter>();
  #inUse = 0;
  #closed = false;

  constructor(limits: PoolGateLimits) {
    this.#limits = limits;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether somebody could pass without waiting. */
  get free(): boolean {
    return !this.#closed && this.#inUse < this.#limits.poolCount;
  }

  /** Whether all places are taken. */
  get full(): boolean {
    return this.#inUse >= this.#limits.poolCount;
  }

  /** Passes, now or when somebody leaves. Undefined means now: the common case costs no promise. */
  enter(scope: Scope): Promise<void> | undefined {
    const reason = scope.cancelled;
    if (reason !== undefined) throw reason;
    if (this.#closed) throw closed();
    if (this.#inUse < this.#limits.poolCount) {
      this.#inUse++;
      return undefined;
    }
    if (this.#waiting.size >= this.#limits.poolWaitingCount)
      throw overloaded(`${this.#waiting.size} calls wait for a connection already (poolWaitingCount)`);
    return this.#wait(scope);
  }

  /** Gives the place to the one who waits longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#inUse--;
    else next.pass();
  }

  /** Refuses those who wait and all who come. */
  close(): void {
    this.#closed = true;
    for (const waiter of [...this.#waiting]) waiter.refuse(closed());
  }

  #wait(scope: Scope): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiting.delete(waiter);
        clearTimeout(timer);
        forget();
      };
      const waiter: Waiter = {
        pass: () => {
          settle();
          resolve();
        },
        refuse: (error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(
        () => waiter.refuse(overloaded(`no connection came free within ${this.#limits.poolWaitMs} ms (poolWaitMs)`)),
        this.#limits.poolWaitMs,
      );
      this.#waiting.add(waiter);
      const forget = scope.onCancel((reason) => waiter.refuse(reason));
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
