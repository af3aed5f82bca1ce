import type { Clock } from "../../kernel/clock.ts";
import type { Closable } from "../../kernel/lifecycle.ts";

interface RateCounterDeps {
  /** How many calls pass within one window. */
  readonly limit: number;
  readonly windowMs: number;
  /** How many keys are remembered. */
  readonly keysCount: number;
  readonly clock: Clock;
  /** The counts that all edges share; undefined if this process counts alone. */
  readonly shared: SharedTotals | undefined;
}

/** Takes back one call that was counted. It is called once. */
export type GiveBack = () => void;

/** How much one key has used of its window. */
interface Window {
  /** Calls of this process, and those of other edges as far as they are known. */
  usedCount: number;
  /** How many calls of this process are not yet in the shared store. */
  unpublishedCount: number;
  isPublishing: boolean;
  endsAtMs: number;
}

/**
 * An edge sends its new calls to the store each time that their number has reached one 50th of the limit. So several edges together may exceed the limit, by
 * about one 50th for each edge.
 */
const PUBLISHED_SHARE = 50;

/**
 * Counts calls by key, in windows that begin with the first call of a key.
 *
 * Callers choose the keys, so the number of remembered keys is limited. If the counts are shared and the store is unreachable, each process counts
 * alone.
 */
export class RateCounter {
  readonly limit: number;
  readonly windowMs: number;
  readonly #keysCount: number;
  readonly #clock: Clock;
  readonly #shared: SharedTotals | undefined;
  readonly #publishCount: number;
  /** The windows by key, in the order in which they began. If there are too many keys, the window that began first is forgotten. */
  readonly #windows = new Map<string, Window>();

  constructor({ limit, windowMs, keysCount, clock, shared }: RateCounterDeps) {
    this.limit = limit;
    this.windowMs = windowMs;
    this.#keysCount = keysCount;
    this.#clock = clock;
    this.#shared = shared;
    this.#publishCount = Math.max(1, Math.floor(limit / PUBLISHED_SHARE));
  }

  /** How many keys are remembered now. */
  get size(): number {
    return this.#windows.size;
  }

  /**
   * Counts calls at once, without asking the shared store. Calls that other edges let through become known a little later.
   *
   * Shape: 0 if the calls pass; otherwise the milliseconds until they may be tried again, and nothing is counted.
   */
  take(key: string, callCount = 1): number {
    const window = this.#window(key);
    // A batch that is larger than the limit would otherwise never pass.
    const count = Math.min(callCount, this.limit);
    if (window.usedCount + count > this.limit) return this.#waitMs(window);
    window.usedCount += count;
    if (this.#shared !== undefined) {
      window.unpublishedCount += count;
      if (window.unpublishedCount >= this.#publishCount && !window.isPublishing) void this.#publish(this.#shared, key, window);
    }
    return 0;
  }

  /** How long a key that has reached the limit has to wait. Shape: milliseconds; 0 if it has not reached the limit. Nothing is counted. */
  waitMs(key: string): number {
    const window = this.#windows.get(key);
    return window === undefined || window.usedCount < this.limit ? 0 : Math.max(0, Math.ceil(window.endsAtMs - this.#clock.monotonicMs()));
  }

  /**
   * Counts one call, and resolves when the shared store has counted it too.
   *
   * Shape: if the call passes, a function that takes the count back; otherwise as {@link take}. A count is taken back only while its window lasts. It is
   * also taken back from the shared count, if the store had counted it.
   */
  async takeExactly(key: string): Promise<GiveBack | number> {
    const window = this.#window(key);
    if (window.usedCount >= this.limit) return this.#waitMs(window);
    window.usedCount++;
    const total = await this.#shared?.add(key, 1);
    const giveBack = (): void => {
      if (window.endsAtMs <= this.#clock.monotonicMs()) return;
      // A key whose count is 0 is forgotten, so that it uses up no place of other keys.
      if (--window.usedCount === 0 && this.#windows.get(key) === window) this.#windows.delete(key);
      if (total !== undefined) void this.#shared?.add(key, -1);
    };
    if (total === undefined) return giveBack;
    // The end of this window is never moved to a later time: a call that comes at its end may be the first of the next shared window, which ends
    // later.
    window.endsAtMs = Math.min(window.endsAtMs, this.#clock.monotonicMs() + total.leftMs);
    if (total.count <= this.limit) return giveBack;
    giveBack();
    return Math.max(1, total.leftMs);
  }

  #window(key: string): Window {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#windows.get(key);
    if (known !== undefined && known.endsAtMs > nowMs) return known;
    this.#windows.delete(key);
    if (this.#windows.size >= this.#keysCount) this.#windows.delete(this.#windows.keys().next().value ?? "");
    const window = { usedCount: 0, unpublishedCount: 0, isPublishing: false, endsAtMs: nowMs + this.windowMs };
    this.#windows.set(key, window);
    return window;
  }

  #waitMs(window: Window): number {
    return Math.max(1, Math.ceil(window.endsAtMs - this.#clock.monotonicMs()));
  }

  async #publish(shared: SharedTotals, key: string, window: Window): Promise<void> {
    const count = window.unpublishedCount;
    window.isPublishing = true;
    const total = await shared.add(key, count);
    window.isPublishing = false;
    if (total === undefined) return;
    window.unpublishedCount -= count;
    window.usedCount = total.count + window.unpublishedCount;
    window.endsAtMs = this.#clock.monotonicMs() + total.leftMs;
  }
}

/** What all edges of an app have counted for a key. */
export interface SharedTotal {
  readonly count: number;
  /** Time until the window ends. */
  readonly leftMs: number;
}

/** Counts of one limit that all edges of an app share. */
interface SharedTotals {
  /**
   * Adds to a key, in a window that begins with its first count. A negative count makes the total smaller; it begins no window.
   *
   * Shape: undefined if the store does not answer now; never throws.
   */
  add(key: string, count: number): Promise<SharedTotal | undefined>;
}

/** The store in which edges share their counts. */
export interface RateStore extends Closable {
  /** Whether the store answered the last request. While it does not answer, each edge counts by itself. */
  readonly reachable: boolean;
  /** The counts of one limit, by its name. */
  totals(name: string, windowMs: number): SharedTotals;
  close(): Promise<void>;
}
