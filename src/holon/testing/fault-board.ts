import type { Target } from "../contract/index.ts";
import type { HolonError } from "../kernel/holon-error.ts";
import type { Scope } from "../kernel/scope.ts";

/** A fault that is injected between callers and a procedure. */
export interface InjectedFault {
  /** A procedure (`catalog.stock.reserve`) or a whole context (`catalog`). */
  readonly on: string;
  /** The error that callers get. */
  readonly error: HolonError;
  /** `before` the handler runs (the default), or `after`: then the handler has its effect, and only the answer is lost. */
  readonly when?: "before" | "after";
  /** How many calls it affects; by default all calls until it is removed. */
  readonly times?: number;
}

interface ActiveFault {
  readonly fault: InjectedFault;
  left: number;
}

/** The faults of one test app. They affect calls in the same way in every topology. */
export class FaultBoard {
  readonly #faults = new Set<ActiveFault>();

  /** Sets a fault; returns the function that removes it. */
  inject(fault: InjectedFault): () => void {
    const active = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.#faults.add(active);
    return () => this.#faults.delete(active);
  }

  /** The target, with the faults of this board applied to its calls. */
  wrap(target: Target): Target {
    return {
      path: target.path,
      procedure: target.procedure,
      invoke: (scope, input) => this.#invoke(target, scope, input),
      subscribe: (scope, input) => this.#subscribe(target, scope, input),
    };
  }

  async #invoke(target: Target, scope: Scope, input: unknown): Promise<unknown> {
    const fault = this.#take(target.path);
    if (fault === undefined) return target.invoke(scope, input);
    if (fault.when === "after") await target.invoke(scope, input);
    throw fault.error;
  }

  #subscribe(target: Target, scope: Scope, input: unknown): AsyncIterable<unknown> {
    const fault = this.#take(target.path);
    return fault === undefined ? target.subscribe(scope, input) : failing(fault.error);
  }

  #take(path: string): InjectedFault | undefined {
    for (const active of this.#faults) {
      const { on } = active.fault;
      if (path !== on && !path.startsWith(`${on}.`)) continue;
      active.left--;
      if (active.left <= 0) this.#faults.delete(active);
      return active.fault;
    }
    return undefined;
  }
}

/** A stream that fails before its first item. */
function failing(error: HolonError): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
