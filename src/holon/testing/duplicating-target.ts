import { isDeepStrictEqual } from "node:util";
import type { Target } from "../contract/index.ts";
import { isHolonError } from "../kernel/holon-error.ts";
import { Scope } from "../kernel/scope.ts";

/** Two deliveries of one call with a key had different answers, so the mutation is not idempotent. */
export class DuplicateAnswerError extends Error {
  override readonly name = "DuplicateAnswerError";
}

/**
 * Repeats calls as a network may: each call of an idempotent mutation is delivered twice at the same time and a third time after that, with one key.
 *
 * The caller gets the first answer. The other answers must be equal to it, or the call fails with DuplicateAnswerError. If the second delivery holds the key
 * first, the edge refuses the first delivery with KEY_IN_FLIGHT, and the caller gets the answer of the second.
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
      const heard = first.status === "rejected" && isHolonError(first.reason, "KEY_IN_FLIGHT") ? twin : first;
      if (heard.status === "rejected") throw heard.reason;
      return heard.value;
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
