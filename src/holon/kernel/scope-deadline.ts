import type { Clock } from "./clock.ts";
import { catalogueError, type HolonError } from "./holon-error.ts";
import { Scope } from "./scope.ts";
import { type TimerWheel, WheelEntry } from "./timer-wheel.ts";

/** Cancels a scope with DEADLINE_EXCEEDED when its time is over, whatever its work waits for. Put it on a wheel, and take it off at the end. */
export class ScopeDeadline extends WheelEntry {
  readonly #scope: Scope;
  readonly #what: string;

  constructor(scope: Scope, what: string) {
    super();
    this.#scope = scope;
    this.#what = what;
  }

  override expire(): void {
    this.#scope.cancel(catalogueError("DEADLINE_EXCEEDED", `${this.#what} did not end within its deadline.`));
  }
}

/** Runs work that may never return: the waiting ends with the scope, at its deadline at the latest. Errors: the work's, or why the scope was cancelled. */
export async function runInScope<Result>(scope: Scope, wheel: TimerWheel, what: string, work: () => Promise<Result>): Promise<Result> {
  const deadline = new ScopeDeadline(scope, what);
  wheel.add(deadline, scope.deadlineAtMs);
  try {
    return await untilCancelled(scope, work());
  } finally {
    wheel.remove(deadline);
  }
}

/** One piece of the toolkit's own work, which no call waits for. */
export interface SystemWork {
  readonly context: string;
  /** Named in `pg_stat_activity`, in logs and in rows that say on whose behalf they were written. */
  readonly task: string;
  /** How long it may take. */
  readonly deadlineMs: number;
  /** What it fails with at its deadline. */
  readonly late: () => HolonError;
}

/** A scope of the toolkit's own. No call waits for it, so its deadline is kept only if its maker does so, see {@link inSystemScope}. */
export function systemScope({ context, task, deadlineMs }: Omit<SystemWork, "late">, clock: Clock): Scope {
  const principal = { kind: "system", context, task } as const;
  return Scope.root({ principal, caller: context, deadlineAtMs: clock.monotonicMs() + deadlineMs });
}

/**
 * Runs the toolkit's own work in a scope whose deadline a timer of this process keeps: a server that says nothing, or a network that is gone, ends no
 * statement and no connection by itself.
 *
 * Errors: the work's; what `late` makes, at the deadline.
 */
export async function inSystemScope<Result>(work: SystemWork, clock: Clock, run: (scope: Scope) => Promise<Result>): Promise<Result> {
  const scope = systemScope(work, clock);
  // An answer that came while this process was busy is read before the time is over.
  const timer = setTimeout(() => setImmediate(() => scope.cancel(work.late())), work.deadlineMs);
  timer.unref();
  try {
    return await untilCancelled(scope, run(scope));
  } finally {
    clearTimeout(timer);
  }
}

function untilCancelled<Result>(scope: Scope, work: Promise<Result>): Promise<Result> {
  return new Promise<Result>((resolve, reject) => {
    const forget = scope.onCancel(reject);
    work.then(
      (result) => {
        forget();
        resolve(result);
      },
      (error: unknown) => {
        forget();
        reject(error);
      },
    );
  });
}
