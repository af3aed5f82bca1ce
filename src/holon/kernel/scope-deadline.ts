import type { Clock } from "./clock.ts";
import { catalogueError, type HolonError } from "./holon-error.ts";
import { markCutOff } from "./origin.ts";
import { Scope } from "./scope.ts";
import { TimerEntry, type Timers } from "./timers.ts";

/**
 * Cancels a scope with DEADLINE_EXCEEDED when its time is over, whatever its work waits for. Add it to the timers, and remove it at the end. If the
 * constructor also gets the timers, the error is marked as cut off if the process was frozen while the work ran, see {@link isCutOff}.
 */
export class ScopeDeadline extends TimerEntry {
  readonly #scope: Scope;
  readonly #what: string;
  readonly #timers: Timers | undefined;
  readonly #sinceMs: number;

  constructor(scope: Scope, what: string, timers?: Timers) {
    super();
    this.#scope = scope;
    this.#what = what;
    this.#timers = timers;
    this.#sinceMs = timers?.nowMs ?? 0;
  }

  override expire(): void {
    const late = catalogueError("DEADLINE_EXCEEDED", `${this.#what} did not end within its deadline.`);
    this.#scope.cancel(this.#timers?.wasFrozenSince(this.#sinceMs) === true ? markCutOff(late) : late);
  }
}

/**
 * Runs work that may never return: the wait ends with the scope, at its deadline at the latest. Errors: those of the work; the reason of the cancelled scope.
 */
export async function runInScope<Result>(scope: Scope, timers: Timers, what: string, work: () => Promise<Result>): Promise<Result> {
  const deadline = new ScopeDeadline(scope, what, timers);
  timers.add(deadline, scope.deadlineAtMs);
  try {
    return await untilCancelled(scope, work());
  } finally {
    timers.remove(deadline);
  }
}

/** One piece of the toolkit's own work. It has its own deadline, because it does not belong to a call. */
interface SystemWork {
  readonly context: string;
  /** The name of the work in `pg_stat_activity`, in logs, and in rows that name the principal that wrote them. */
  readonly task: string;
  /** How long it may take. */
  readonly deadlineMs: number;
  /** Makes the error that the work fails with at its deadline. */
  readonly late: () => HolonError;
}

/**
 * A scope for the toolkit's own work. No call waits for it, so the deadline holds only if the code that made the scope enforces it, see {@link inSystemScope}.
 */
function systemScope({ context, task, deadlineMs }: Omit<SystemWork, "late">, clock: Clock): Scope {
  const principal = { kind: "system", context, task } as const;
  return Scope.root({ principal, caller: context, deadlineAtMs: clock.monotonicMs() + deadlineMs });
}

/**
 * Runs the toolkit's own work in a scope, and enforces the deadline with a timer of this process. The timer is needed because statements and connections do not
 * end by themselves if the server does not answer or the network is gone.
 *
 * Errors: those of the work; the error that `late` makes, at the deadline.
 */
export async function inSystemScope<Result>(work: SystemWork, clock: Clock, run: (scope: Scope) => Promise<Result>): Promise<Result> {
  const scope = systemScope(work, clock);
  // An answer that arrived while this process was busy is read before the deadline cancels the work.
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
