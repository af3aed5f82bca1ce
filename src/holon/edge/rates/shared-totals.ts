import type { Closable } from "../../kernel/index.ts";

/** What all edges of an app have counted for a key. */
export interface SharedTotal {
  readonly count: number;
  /** Until the window ends. */
  readonly leftMs: number;
}

/** Counts of one limit that all edges of an app share. */
export interface SharedTotals {
  /** Adds to a key, in a window that begins with its first count. Shape: undefined where the store cannot be asked now; never throws. */
  add(key: string, count: number): Promise<SharedTotal | undefined>;
}

/** Where edges share what they count. */
export interface RateStore extends Closable {
  /** Whether it answered when last asked; each edge counts by itself while it does not. */
  readonly reachable: boolean;
  /** The counts of one limit, by its name. */
  totals(name: string, windowMs: number): SharedTotals;
  close(): Promise<void>;
}
