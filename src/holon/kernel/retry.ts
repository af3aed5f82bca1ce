import { type BackoffBounds, fullJitterMs } from "./backoff.ts";
import { isPassing } from "./origin.ts";
import type { Scope } from "./scope.ts";
import { Sleep, type SleepDeps } from "./sleep.ts";

/** How often and how long work is tried. At least one of the two bounds holds. */
export type RetryPolicy = BackoffBounds &
  ({ readonly attempts: number; readonly forMs?: number } | { readonly attempts?: number; readonly forMs: number });

/** What retrying needs. */
export interface RetryDeps extends SleepDeps {
  /** In [0, 1). */
  readonly random: () => number;
}

/** When the retrying ends besides its policy. */
export interface RetryOptions {
  /** Whether an error may pass by itself; by default one that the database or a queue marked so, see {@link isPassing}. */
  readonly isPassing?: (error: unknown) => boolean;
  /** Asked after each failure: nothing is tried again once this is true. */
  readonly isOver?: () => boolean;
  /** Nothing is tried again once this is cancelled; a wait ends with it. */
  readonly scope?: Scope;
}

/** Least wait between two attempts, so that no draw of the jitter makes a loop without a pause. Units: milliseconds. */
const LEAST_WAIT_MS = 20;

/**
 * Runs work until it succeeds: again after failures that pass by themselves, with waits that grow and are jittered.
 *
 * The work may run more than once, also after it took effect: an answer can be lost.
 * Errors: that of the last attempt, when attempts or time are up or the scope is cancelled; any that does not pass at once.
 */
export async function retry<Result>(deps: RetryDeps, policy: RetryPolicy, work: () => Promise<Result>, options: RetryOptions = {}): Promise<Result> {
  const { clock, random } = deps;
  const passes = options.isPassing ?? isPassing;
  const startedMs = clock.monotonicMs();
  const isOver = (attempt: number): boolean =>
    attempt >= (policy.attempts ?? Number.POSITIVE_INFINITY) ||
    clock.monotonicMs() - startedMs >= (policy.forMs ?? Number.POSITIVE_INFINITY) ||
    options.isOver?.() === true ||
    options.scope?.cancelled !== undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!passes(error) || isOver(attempt)) throw error;
      const sleep = new Sleep(deps, LEAST_WAIT_MS + fullJitterMs(attempt, policy, random));
      const forget = options.scope?.onCancel(() => sleep.wake());
      await sleep.ended;
      forget?.();
      if (options.scope?.cancelled !== undefined) throw error;
    }
  }
}
