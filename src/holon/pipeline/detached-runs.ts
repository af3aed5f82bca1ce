import { Scope } from "../kernel/scope.ts";
import { ScopeDeadline } from "../kernel/scope-deadline.ts";
import type { Timers } from "../kernel/timers.ts";

/**
 * Work with effects outside of this process that must come to its own end. It goes on when its caller disconnects, until its deadline.
 *
 * Otherwise a client that disconnects during a payment would leave stock taken and money charged, because the compensation would be cancelled
 * too.
 */
export class DetachedRuns {
  readonly #timers: Timers;
  #running = 0;
  #whenIdle: (() => void)[] = [];

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Runs work in a copy of the scope that only the deadline cancels. */
  async run<Result>(scope: Scope, path: string, work: (detached: Scope) => Promise<Result>): Promise<Result> {
    const { principal, deadlineAtMs, caller, key, trace, initiator } = scope;
    const detached = Scope.root({ principal, deadlineAtMs, caller, key, trace, initiator });
    const deadline = new ScopeDeadline(detached, path);
    this.#timers.add(deadline, deadlineAtMs);
    this.#running++;
    try {
      return await work(detached);
    } finally {
      this.#timers.remove(deadline);
      if (detached.mayHaveActed) scope.effectBegan();
      this.#running--;
      if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
  }

  /** Resolves when no such work runs. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }
}
