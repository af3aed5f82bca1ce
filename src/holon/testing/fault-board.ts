import { isDeepStrictEqual } from "node:util";
import type { Target } from "../contract/index.ts";
import { type HolonError, isHolonError } from "../kernel/holon-error.ts";
import { Scope } from "../kernel/scope.ts";

/** A fault that is injected between callers and a procedure. */
export interface InjectedFault {
  /** A procedure (`catalog.stock.reserve`) or a whole context (`catalog`). */
  readonly on: string;
  /** The error that callers get. */
  readonly error: HolonError;
  /** `before` the handler runs (the default), or `after` it has run: then its effect has happened, and only its answer is lost. */
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

/** Two deliveries of one call with a key had different answers, so the mutation is not idempotent. */
export class DuplicateAnswerError extends Error {
  override readonly name = "DuplicateAnswerError";
}

/**
 * Repeats calls as a network may: each call of an idempotent mutation is delivered twice at the same time and a third time after that, with one key.
 *
 * The caller gets the first answer. The other answers must be equal to it, or the call fails with DuplicateAnswerError. If the second delivery claims the key
 * before the first one, the first delivery is refused with KEY_IN_FLIGHT, and the caller gets the answer of the second.
 */
export function duplicating(target: Target, newKey: () => string): Target {
  const { procedure } = target;
  if (procedure.type !== "mutation" || !procedure.idempotent) return target;
  return {
    path: target.path,
    procedure,
    subscribe: (scope, input) => target.subscribe(scope, input),
    async invoke(scope, input) {
      const key = scope.key ?? newKey();
      const send = (): Promise<unknown> =>
        target.invoke(new Scope(scope.principal, scope.deadlineAtMs, scope.caller, key, scope, undefined, undefined), input);
      const [first, twin] = await Promise.allSettled([send(), send()]);
      const [retry] = await Promise.allSettled([send()]);
      for (const other of [twin, retry]) assertSame(target.path, first, other as PromiseSettledResult<unknown>);
      const taken = first.status === "rejected" && isHolonError(first.reason, "KEY_IN_FLIGHT") ? twin : first;
      if (taken.status === "rejected") throw taken.reason;
      return taken.value;
    },
  };
}

/** A failure releases its key, so a repetition runs again and may have another outcome. Only answers must be equal. */
function assertSame(path: string, first: PromiseSettledResult<unknown>, other: PromiseSettledResult<unknown>): void {
  if (first.status === "rejected" || other.status === "rejected") return;
  if (isHolonError(other.value) || !isDeepStrictEqual(first.value, other.value)) {
    throw new DuplicateAnswerError(`${path} answered ${JSON.stringify(first.value)}, and the same key again ${JSON.stringify(other.value)}`);
  }
}
