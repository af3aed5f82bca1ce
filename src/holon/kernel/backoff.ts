/** The bounds of waits that grow: the first wait is at most `firstMs`, and no wait is longer than `greatestMs`. */
export interface BackoffBounds {
  readonly firstMs: number;
  readonly greatestMs: number;
}

/**
 * How long to wait after a failed attempt: exponential with full jitter.
 *
 * Units: milliseconds in, milliseconds out; `attempt` is the number of the failed attempt, from 1; `random` returns a number in [0, 1).
 * Source: AWS Architecture Blog, "Exponential Backoff and Jitter".
 */
export function fullJitterMs(attempt: number, bounds: BackoffBounds, random: () => number): number {
  const ceiling = Math.min(bounds.greatestMs, bounds.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.floor(random() * ceiling);
}
