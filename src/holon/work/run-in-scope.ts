import { type Scope, ScopeDeadline, type TimerWheel } from "../kernel/index.ts";

/** Runs work that may never return: the waiting ends with the scope, at its deadline at the latest. Errors: the work's, or why the scope was cancelled. */
export async function runInScope<Result>(scope: Scope, wheel: TimerWheel, what: string, work: () => Promise<Result>): Promise<Result> {
  const deadline = new ScopeDeadline(scope, what);
  const cancelled = new Promise<never>((_resolve, reject) => {
    scope.onCancel(reject);
  });
  cancelled.catch(() => {});
  wheel.add(deadline, scope.deadlineAtMs);
  try {
    return await Promise.race([work(), cancelled]);
  } finally {
    wheel.remove(deadline);
  }
}
