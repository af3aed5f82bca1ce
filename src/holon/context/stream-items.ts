import { ParseFailure } from "../contract/index.ts";
import { catalogueError, HolonError, type Scope, WheelEntry } from "../kernel/index.ts";
import type { CallHome, CallSeries } from "./pending-call.ts";

/** What {@link streamItems} needs. */
export interface StreamOptions {
  readonly scope: Scope;
  readonly home: CallHome;
  readonly series: CallSeries;
  /** Checks access and input and calls the handler; throws where it may not be. */
  readonly open: () => AsyncIterable<unknown>;
}

/**
 * The items of a subscription, each parsed and copied like the output of a call.
 *
 * The handler's generator is closed, so that its `finally` runs, when the consumer returns, when the scope is cancelled, and after an error.
 */
export async function* streamItems({ scope, home, series, open }: StreamOptions): AsyncGenerator<unknown, void, void> {
  const startedMs = home.monotonicMs();
  let code: string | undefined;
  let iterator: AsyncIterator<unknown> | undefined;
  let cancel: (reason: HolonError) => void = () => {};
  const cancelled = new Promise<never>((_resolve, reject) => {
    cancel = reject;
  });
  cancelled.catch(() => {});
  const unlisten = scope.onCancel(cancel);
  const deadline = new StreamDeadline(scope, home.path);
  // A child with its parent's deadline is cancelled with the parent; only a shorter one needs an entry of its own.
  if (scope.parent === undefined || scope.deadlineAtMs < scope.parent.deadlineAtMs) home.wheel.add(deadline, scope.deadlineAtMs);
  home.gauge.running++;
  try {
    iterator = open()[Symbol.asyncIterator]();
    for (;;) {
      const step = await Promise.race([iterator.next(), cancelled]);
      if (step.done === true) return;
      const item = home.parseOutput(step.value);
      if (item instanceof ParseFailure) throw home.badOutput(item);
      yield item;
    }
  } catch (thrown) {
    const error = scope.cancelled ?? (isOwn(thrown, iterator) ? thrown : home.boundary(thrown));
    code = error.code;
    throw error;
  } finally {
    home.gauge.running--;
    home.wheel.remove(deadline);
    unlisten();
    scope.release();
    series.record(home.monotonicMs() - startedMs, code);
    // Not awaited: a handler that hangs must not hold up the consumer that left it.
    void Promise.resolve(iterator?.return?.()).catch(() => {});
  }
}

/** Cancels a stream's scope when its time is over, whatever the handler waits for. */
class StreamDeadline extends WheelEntry {
  readonly #scope: Scope;
  readonly #path: string;

  constructor(scope: Scope, path: string) {
    super();
    this.#scope = scope;
    this.#path = path;
  }

  override expire(): void {
    this.#scope.cancel(catalogueError("DEADLINE_EXCEEDED", `${this.#path} did not end within its deadline.`));
  }
}

/** A refusal before the handler ran is ready for the caller as it is. */
function isOwn(thrown: unknown, iterator: AsyncIterator<unknown> | undefined): thrown is HolonError {
  return thrown instanceof HolonError && (iterator === undefined || thrown.code === "INTERNAL");
}
