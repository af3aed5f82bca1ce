import { type BackoffBounds, fullJitterMs } from "./backoff.ts";
import { isPassing } from "./origin.ts";
import type { Scope } from "./scope.ts";
import { Sleep, type SleepDeps } from "./timers.ts";

/** How often and for how long work is tried. At least one of the two bounds is set. */
export type RetryPolicy = BackoffBounds &
  ({ readonly attempts: number; readonly forMs?: number } | { readonly attempts?: number; readonly forMs: number });

/** The clock and the timers, which retries need because they wait, and a source of jitter. */
export interface RetryDeps extends SleepDeps {
  /** Returns a number in [0, 1). */
  readonly random: () => number;
}

/** Reasons to stop retrying, in addition to the policy. */
interface RetryOptions {
  /** Whether an error may pass by itself. By default, only errors that the database or a queue marked as passing may, see {@link isPassing}. */
  readonly isPassing?: (error: unknown) => boolean;
  /** Called after each failure: if it returns true, the work is not tried again. */
  readonly isOver?: () => boolean;
  /** If this scope is cancelled, a running wait ends and the work is not tried again. */
  readonly scope?: Scope;
}

/** The shortest wait between two attempts, so that no random value makes a loop without a pause. Units: milliseconds. */
const LEAST_WAIT_MS = 20;

/**
 * Runs work until it succeeds. It tries again after failures that pass by themselves, with waits that grow and are jittered.
 *
 * The work may run more than once, even after it took effect, because an answer can be lost.
 * Errors: the error of the last attempt, if attempts or time are used up or the scope is cancelled. An error that does not pass by itself is thrown at once.
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
