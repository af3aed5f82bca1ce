import type { Target } from "../contract/index.ts";
import type { CallOptions } from "../define/handler-context.ts";
import { catalogueError, type HolonError, isHolonError } from "../kernel/holon-error.ts";
import { noteFailedCall } from "../kernel/left-behind.ts";
import type { Scope } from "../kernel/scope.ts";
import type { BoundCall, CallOrigin } from "./call-tree.ts";
import { CompiledProcedure, type SeriesFactory } from "./compiled-procedure.ts";

/** Binds a procedure for calls from one context. A procedure of this process is called directly, any other procedure through its target. */
export function bindCall(caller: string, target: Target, seriesFactory: SeriesFactory): BoundCall {
  if (target.procedure.type === "subscription") return (origin, input, options) => subscribe(target, origin, input, options);
  if (target instanceof CompiledProcedure) {
    if (!target.isOpenTo(caller)) return () => Promise.reject(target.undeclared(caller));
    const series = target.localSeries(caller);
    return (origin, input, options) => {
      if (origin.insideTransaction) return Promise.reject(callInTransaction(target.path));
      if (options?.signal?.aborted === true) return Promise.reject(cancelledBefore());
      const scope = childScope(origin, options);
      const answer = target.invokeCounted(series, scope, input);
      return options?.signal === undefined ? answer : withSignal(answer, target.path, scope, options.signal);
    };
  }
  const isMutation = target.procedure.type === "mutation";
  const series = seriesFactory({ procedure: target.path, caller, transport: "mesh" });
  return (origin, input, options) => {
    if (origin.insideTransaction) return Promise.reject(callInTransaction(target.path));
    if (options?.signal?.aborted === true) return Promise.reject(cancelledBefore());
    const scope = childScope(origin, options);
    const startedMs = origin.monotonicMs();
    if (isMutation) origin.scope.effectBegan();
    const answer: Promise<unknown> = target.invoke(scope, input).then(
      (value) => {
        series.record(origin.monotonicMs() - startedMs, undefined);
        return value;
      },
      (error: unknown) => {
        series.record(origin.monotonicMs() - startedMs, isHolonError(error) ? error.code : "INTERNAL");
        noteFailedCall(answer, { procedure: target.path, traceId: scope.trace.traceId });
        if (isMutation && isHolonError(error) && error.executed === "no") origin.scope.effectFailed();
        throw error;
      },
    );
    return options?.signal === undefined ? answer : withSignal(answer, target.path, scope, options.signal);
  };
}

function childScope(origin: CallOrigin, options: CallOptions | undefined): Scope {
  const parent = origin.scope;
  if (options === undefined) return parent.child(origin.contextName, origin.callPrincipal, parent.deadlineAtMs, undefined);
  const { deadlineMs } = options;
  if (deadlineMs !== undefined && !(deadlineMs >= 0))
    throw new TypeError(`deadlineMs is ${deadlineMs}; it must be a number of milliseconds, 0 or more`);
  const deadlineAtMs = deadlineMs === undefined ? parent.deadlineAtMs : origin.monotonicMs() + deadlineMs;
  const scope = parent.child(origin.contextName, origin.callPrincipal, deadlineAtMs, options.key);
  if (options.signal !== undefined) scope.standAlone();
  return scope;
}

function subscribe(target: Target, origin: CallOrigin, input: unknown, options: CallOptions | undefined): AsyncIterable<unknown> {
  if (origin.insideTransaction) throw callInTransaction(target.path);
  const scope = childScope(origin, options);
  const { signal } = options ?? {};
  if (signal !== undefined) {
    const cancel = (): void => scope.cancel(cancelledByCaller());
    if (signal.aborted) scope.cancel(cancelledBefore());
    else signal.addEventListener("abort", cancel, { once: true });
    return untilOver(target.subscribe(scope, input), () => signal.removeEventListener("abort", cancel));
  }
  return target.subscribe(scope, input);
}

/** The items of a stream. When the stream ends, for any reason, `over` is called, so that the listener of the signal can be removed. */
function untilOver(items: AsyncIterable<unknown>, over: () => void): AsyncIterableIterator<unknown> {
  const iterator = items[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const step = await iterator.next();
        if (step.done === true) over();
        return step;
      } catch (error) {
        over();
        throw error;
      }
    },
    async return() {
      over();
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}

/** The answer, or CANCELLED as soon as the signal is aborted, whatever the callee does. */
function withSignal(answer: Promise<unknown>, procedure: string, scope: Scope, signal: AbortSignal): Promise<unknown> {
  const handedOut = new Promise((resolve, reject) => {
    const cancel = (): void => {
      const error = cancelledByCaller();
      scope.cancel(error);
      reject(error);
    };
    signal.addEventListener("abort", cancel, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", cancel));
  });
  noteFailedCall(handedOut, { procedure, traceId: scope.trace.traceId });
  return handedOut;
}

function cancelledByCaller(): HolonError {
  return catalogueError("CANCELLED", "The caller cancelled the call.");
}

/** The error if the signal was aborted before the call. The callee is not called. */
function cancelledBefore(): HolonError {
  return catalogueError("CANCELLED", "The caller cancelled the call before it was made.", { executed: "no" });
}

function callInTransaction(path: string): HolonError {
  return catalogueError(
    "CALL_IN_TRANSACTION",
    `${path} was called while a transaction of the calling handler was open; call it before or after, or emit an event.`,
  );
}
