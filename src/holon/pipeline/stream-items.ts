import { ParseFailure } from "../contract/index.ts";
import { catalogueError, type HolonError, isHolonError, type Scope, ScopeDeadline } from "../kernel/index.ts";
import type { CallHome, CallSeries } from "./pending-call.ts";

/** What {@link streamItems} needs. */
export interface StreamOptions {
  readonly scope: Scope;
  readonly home: CallHome;
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

/** The items of a subscription, each parsed and copied like the output of a call. The handler is called with the first `next()`. */
export function streamItems(options: StreamOptions): AsyncIterableIterator<unknown> {
  return new ItemStream(options);
}

/**
 * A subscription that runs in this process.
 *
 *   unopened --next()--> open --item--> open
 *   unopened --return()--> over
 *   open --end, error, bad item--> over
 *   open --return()--> over, and the handler's signal is aborted
 *   open --deadline, scope cancelled--> over; the reason comes with the next item that is asked for
 *
 * The handler's generator is closed, so that its `finally` runs, as soon as the stream is over. (An async generator would do for most of this,
 * but keeps a consumer that leaves waiting for the item under way, which may never come.)
 */
class ItemStream implements AsyncIterableIterator<unknown> {
  readonly #options: StreamOptions;
  readonly #deadline: ScopeDeadline;
  #iterator: AsyncIterator<unknown> | undefined = undefined;
  #pull: Pull | undefined = undefined;
  #last: Promise<unknown> | undefined = undefined;
  #error: HolonError | undefined = undefined;
  #state: "unopened" | "open" | "over" = "unopened";
  #startedMs = 0;
  #unlisten: () => void = () => {};

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#deadline = new ScopeDeadline(options.scope, options.home.path);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item, in the order of asking. */
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
      // Also a handler that waits for something else than its next item learns that nobody listens.
      this.#options.scope.cancel(catalogueError("CANCELLED", "The consumer of the stream has left."));
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
      this.#ask().then(
        (step) => this.#onStep(step),
        (thrown: unknown) => this.#onThrown(thrown),
      );
    });
  }

  /** Async, for what iterators that are no generators throw. */
  async #ask(): Promise<IteratorResult<unknown>> {
    return (this.#iterator as AsyncIterator<unknown>).next();
  }

  #open(): void {
    const { scope, home, series, admit, run } = this.#options;
    this.#startedMs = home.monotonicMs();
    let input: unknown;
    try {
      input = admit();
    } catch (refusal) {
      this.#state = "over";
      this.#error = isHolonError(refusal) ? refusal : home.boundary(refusal);
      series.record(0, this.#error.code);
      return;
    }
    this.#state = "open";
    home.gauge.running++;
    this.#unlisten = scope.onCancel((reason) => this.#fail(reason));
    home.wheel.add(this.#deadline, scope.deadlineAtMs);
    try {
      this.#iterator = run(input)[Symbol.asyncIterator]();
    } catch (thrown) {
      this.#fail(home.boundary(thrown));
    }
  }

  #onStep(step: IteratorResult<unknown>): void {
    if (this.#state === "over") return;
    const { home } = this.#options;
    const pull = this.#pull;
    let item: unknown;
    try {
      if (step.done === true) {
        this.#end(undefined);
        pull?.resolve(DONE);
        return;
      }
      item = home.parseOutput(step.value);
    } catch (thrown) {
      // A step that is no object, a getter, or a check of the schema throws.
      return this.#fail(home.boundary(thrown));
    }
    if (item instanceof ParseFailure) return this.#fail(home.badOutput(item));
    this.#pull = undefined;
    pull?.resolve({ done: false, value: item });
  }

  #onThrown(thrown: unknown): void {
    if (this.#state !== "over") this.#fail(this.#options.scope.cancelled ?? this.#options.home.boundary(thrown));
  }

  /** Tells the consumer now, where it waits, or with the next item that it asks for. */
  #fail(error: HolonError): void {
    const pull = this.#pull;
    this.#end(error.code);
    if (pull === undefined) this.#error = error;
    else pull.reject(error);
  }

  #end(code: string | undefined): void {
    const { scope, home, series } = this.#options;
    this.#state = "over";
    this.#pull = undefined;
    home.gauge.running--;
    home.wheel.remove(this.#deadline);
    this.#unlisten();
    scope.release();
    series.record(home.monotonicMs() - this.#startedMs, code);
    void this.#closeIterator();
  }

  /** Nobody waits for this: a handler that hangs must not hold up the consumer that left it. */
  async #closeIterator(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch {
      // The stream has its end; what the handler's `finally` throws concerns nobody.
    }
  }
}

function ignore(): void {}
