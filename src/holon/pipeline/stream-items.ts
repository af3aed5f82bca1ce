import { ParseFailure } from "../contract/index.ts";
import { catalogueError, type HolonError, isHolonError } from "../kernel/holon-error.ts";
import type { Scope } from "../kernel/scope.ts";
import { ScopeDeadline } from "../kernel/scope-deadline.ts";
import { errorOfCall } from "./boundary.ts";
import type { CallDeps, CallSeries } from "./pending-call.ts";

interface StreamItemsDeps {
  readonly scope: Scope;
  readonly call: CallDeps;
  readonly series: CallSeries;
  /** Checks access and input; throws the refusal that the consumer gets. */
  readonly admit: () => unknown;
  /** Calls the handler with the parsed input. */
  readonly run: (input: unknown) => AsyncIterable<unknown>;
}

type Step = IteratorResult<unknown, undefined>;

interface Pull {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: HolonError) => void;
}

const DONE: Step = { done: true, value: undefined };

/** The items of a subscription, each parsed and copied like the output of a call. The first `next()` calls the handler. */
export function streamItems(deps: StreamItemsDeps): AsyncIterableIterator<unknown> {
  return new ItemStream(deps);
}

/**
 * A subscription that runs in this process.
 *
 *   unopened --next()--> open --item--> open
 *   unopened --return()--> over
 *   open --end, error, bad item--> over
 *   open --return()--> over, and the handler's signal is aborted
 *   open --deadline, scope cancelled--> over; the next item that is requested fails with the reason
 *
 * As soon as the stream is over, the handler's generator is closed, so that its `finally` runs. (If this class were an async generator, it would do most of
 * this by itself. But a consumer that leaves would then wait for the item in progress, which may never come.)
 *
 * A stream counts towards the context's limit from when it is open until its handler has ended or its iterator is closed. Closing a generator
 * waits for the item in progress, so a handler that ignores its signal counts as long as it runs.
 */
class ItemStream implements AsyncIterableIterator<unknown> {
  readonly #deps: StreamItemsDeps;
  readonly #deadline: ScopeDeadline;
  #iterator: AsyncIterator<unknown> | undefined = undefined;
  #pull: Pull | undefined = undefined;
  #last: Promise<unknown> | undefined = undefined;
  /** Settles when the item that was requested last has arrived. */
  #asked: Promise<void> | undefined = undefined;
  #error: HolonError | undefined = undefined;
  #state: "unopened" | "open" | "over" = "unopened";
  /** Whether the handler has returned its iterator, or has thrown. */
  #isEntered = false;
  #handlerEnded = false;
  #startedMs = 0;
  #unlisten: () => void = () => {};

  constructor(deps: StreamItemsDeps) {
    this.#deps = deps;
    this.#deadline = new ScopeDeadline(deps.scope, deps.call.path);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item. Several requests are answered in their order. */
  next(): Promise<Step> {
    const before = this.#last;
    const step = before === undefined ? this.#take() : before.then(() => this.#take());
    const settled = step.then(ignore, ignore);
    this.#last = settled;
    void settled.then(() => {
      if (this.#last === settled) this.#last = undefined;
    });
    return step;
  }

  async return(): Promise<Step> {
    if (this.#state === "open") {
      this.#end(undefined);
      // Also aborts the signal of a handler that waits for something else than its next item.
      this.#deps.scope.cancel(catalogueError("CANCELLED", "The consumer of the stream has left."));
    }
    this.#state = "over";
    this.#error = undefined;
    this.#pull?.resolve(DONE);
    return DONE;
  }

  async #take(): Promise<Step> {
    if (this.#state === "unopened") this.#open();
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
    if (this.#state === "over") return DONE;
    return new Promise((resolve, reject) => {
      this.#pull = { resolve, reject };
      this.#asked = this.#ask().then(
        (step) => this.#onStep(step),
        (thrown: unknown) => this.#onThrown(thrown),
      );
    });
  }

  /** An async function, so that a `next()` that throws also gives a rejected promise. Generators never throw, but other iterators may. */
  async #ask(): Promise<IteratorResult<unknown>> {
    return (this.#iterator as AsyncIterator<unknown>).next();
  }

  #open(): void {
    const { scope, call: deps, series, admit, run } = this.#deps;
    this.#startedMs = deps.monotonicMs();
    let input: unknown;
    try {
      input = admit();
      // A check of the schema has run by now, and it may have cancelled this call.
      if (scope.cancelled !== undefined) throw scope.cancelled;
    } catch (refusal) {
      this.#state = "over";
      this.#error = isHolonError(refusal) ? refusal : deps.boundary(refusal);
      series.record(0, this.#error.code);
      return;
    }
    this.#state = "open";
    deps.streamGauge.running++;
    deps.timers.add(this.#deadline, scope.deadlineAtMs);
    this.#unlisten = scope.onCancel((reason) => this.#fail(reason));
    try {
      this.#iterator = run(input)[Symbol.asyncIterator]();
    } catch (thrown) {
      this.#onThrown(thrown);
    }
    this.#isEntered = true;
    // The handler may have cancelled its own call before it returned.
    if (this.#isOver) void this.#leaveHandler();
  }

  get #isOver(): boolean {
    return this.#state === "over";
  }

  #onStep(step: IteratorResult<unknown>): void {
    if (this.#isOver) return;
    const { call: deps } = this.#deps;
    const pull = this.#pull;
    let item: unknown;
    try {
      if (step.done === true) {
        this.#handlerEnded = true;
        this.#end(undefined);
        pull?.resolve(DONE);
        return;
      }
      item = deps.parseOutput(step.value);
    } catch (thrown) {
      // The step is not an object, or a getter or a check of the schema threw.
      return this.#fail(deps.boundary(thrown));
    }
    if (item instanceof ParseFailure) return this.#fail(deps.badOutput(item));
    this.#pull = undefined;
    pull?.resolve({ done: false, value: item });
  }

  #onThrown(thrown: unknown): void {
    this.#handlerEnded = true;
    if (!this.#isOver) this.#fail(this.#deps.scope.cancelled ?? this.#deps.call.boundary(thrown));
  }

  /** Fails the request for an item that waits. If no request waits, the next one fails. */
  #fail(reason: HolonError): void {
    const error = errorOfCall(reason, this.#deps.scope);
    const pull = this.#pull;
    this.#end(error.code);
    if (pull === undefined) this.#error = error;
    else pull.reject(error);
  }

  #end(code: string | undefined): void {
    const { scope, call: deps, series } = this.#deps;
    this.#state = "over";
    this.#pull = undefined;
    deps.timers.remove(this.#deadline);
    this.#unlisten();
    scope.release();
    series.record(deps.monotonicMs() - this.#startedMs, code);
    if (this.#isEntered) void this.#leaveHandler();
  }

  /** Closes the iterator, and decrements the count of streams once. The consumer does not wait for this, because the handler may hang. */
  async #leaveHandler(): Promise<void> {
    const closed = this.#closeIterator();
    if (!this.#handlerEnded) await closed;
    this.#deps.call.streamGauge.running--;
  }

  async #closeIterator(): Promise<void> {
    const iterator = this.#iterator;
    try {
      if (iterator?.return === undefined) await this.#asked;
      else await iterator.return();
    } catch {
      // The stream has ended, so an error of the handler's `finally` reaches no consumer.
    }
  }
}

function ignore(): void {}
