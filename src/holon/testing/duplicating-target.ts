import { isDeepStrictEqual } from "node:util";
import type { Target } from "../contract/index.ts";
import { isHolonError, Scope } from "../kernel/index.ts";

/** Two deliveries of one keyed call had different answers: idempotency does not hold. */
export class DuplicateAnswerError extends Error {
  override readonly name = "DuplicateAnswerError";
}

/**
 * A network that repeats: each call of an idempotent mutation is delivered twice at once and sent a third time after, all with one key.
 *
 * The caller gets the first answer; the others must be equal to it, or the call fails with DuplicateAnswerError. Where the twin came first and
 * has the key, the first one is refused with KEY_IN_FLIGHT by an edge, and the caller gets the twin's answer.
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

/** Failures give their key back, so that a repetition runs again and may end otherwise; only answers must be the same. */
function assertSame(path: string, first: PromiseSettledResult<unknown>, other: PromiseSettledResult<unknown>): void {
  if (first.status === "rejected" || other.status === "rejected") return;
  if (isHolonError(other.value) || !isDeepStrictEqual(first.value, other.value)) {
    throw new DuplicateAnswerError(`${path} answered ${JSON.stringify(first.value)}, and the same key again ${JSON.stringify(other.value)}`);
  }
}
