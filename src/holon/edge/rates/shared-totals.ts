import type { Closable } from "../../kernel/lifecycle.ts";

/** What all edges of an app have counted for a key. */
export interface SharedTotal {
  readonly count: number;
  /** Time until the window ends. */
  readonly leftMs: number;
}

/** Counts of one limit that all edges of an app share. */
export interface SharedTotals {
  /**
   * Adds to a key, in a window that begins with its first count. A negative count makes the total smaller; it begins no window.
   *
   * Shape: undefined if the store does not answer now; never throws.
   */
  add(key: string, count: number): Promise<SharedTotal | undefined>;
}

/** The store in which edges share their counts. */
export interface RateStore extends Closable {
  /** Whether it answered the last request. While it does not, each edge counts by itself. */
  readonly reachable: boolean;
  /** The counts of one limit, by its name. */
  totals(name: string, windowMs: number): SharedTotals;
  close(): Promise<void>;
}
