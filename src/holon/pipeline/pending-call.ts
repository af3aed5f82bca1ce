import { ParseFailure as Failure, type ParseFailure, type Parser } from "../contract/index.ts";
import { catalogueError, type HolonError } from "../kernel/holon-error.ts";
import { noteFailedCall } from "../kernel/left-behind.ts";
import type { Scope, ScopeLink } from "../kernel/scope.ts";
import { TimerEntry, type Timers } from "../kernel/timers.ts";
import { type Boundary, errorOfCall } from "./boundary.ts";

/** Counts the calls of one procedure by one caller over one transport. */
export interface CallSeries {
  /** `code` is undefined for a success. */
  record(durationMs: number, code: string | undefined): void;
}

/** How many calls or streams of a context run in this process, and the limit. */
export interface ConcurrencyGauge {
  running: number;
  readonly limit: number;
  /** The error for a call above the limit. */
  refusal(): HolonError;
}

/** What the calls of one procedure share. */
export interface CallDeps {
  readonly path: string;
  /** Whether its calls may have an effect. */
  readonly isMutation: boolean;
  readonly monotonicMs: () => number;
  readonly timers: Timers;
  readonly gauge: ConcurrencyGauge;
  readonly streamGauge: ConcurrencyGauge;
  readonly boundary: Boundary;
  readonly parseOutput: Parser;
  /** Logs an answer that does not fit the contract and makes the error for it. */
  badOutput(failure: ParseFailure): HolonError;
}

/**
 * One call, from the moment when its handler was called.
 *
 *   running --value--> answered
 *   running --throw, bad output--> failed
 *   running --deadline, cancelled--> failed (the scope is cancelled; the handler's later result is dropped)
 *
 * I1. A call ends once: the first of answer, error, deadline and cancellation counts. A later result of the handler is dropped.
 * I2. The deadline of a call is always kept, by an entry in the timers: its own entry, or that of its parent, the call that made it. If the parent ends first,
 *     the call gets its own entry at that moment.
 * I3. A mutation counts as an effect of the call that made it. It does so from its start until it is certain that it had no effect.
 * I4. A call that is over does not count in the gauge, even if its handler runs on.
 */
export class PendingCall extends TimerEntry implements ScopeLink {
  previousLink: ScopeLink | undefined = undefined;
  nextLink: ScopeLink | undefined = undefined;
  readonly #deps: CallDeps;
  readonly #scope: Scope;
  readonly #owner: Scope;
  readonly #series: CallSeries;
  readonly #startedMs: number;
  #promise: Promise<unknown> | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: HolonError) => void;
  #ended = false;

  constructor(deps: CallDeps, scope: Scope, series: CallSeries, startedMs: number) {
    super();
    this.#deps = deps;
    this.#scope = scope;
    this.#series = series;
    this.#startedMs = startedMs;
    const parent = scope.parent;
    this.#owner = parent === undefined || scope.standsAlone ? scope : parent;
    this.#owner.link(this);
    // I2. A child with its parent's deadline is cancelled with the parent. Only a shorter deadline needs its own timer.
    if (parent === undefined || scope.deadlineAtMs < parent.deadlineAtMs) deps.timers.add(this, scope.deadlineAtMs);
    deps.gauge.running++;
    // I3. `#end` takes this back if the mutation had no effect.
    if (deps.isMutation) parent?.effectBegan();
  }

  /** The promise of the answer. If the handler has answered already, no promise with its own `resolve` and `reject` is made. */
  get promise(): Promise<unknown> {
    this.#promise ??= new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    return this.#promise;
  }

  /** The handler returned. */
  answer(value: unknown): void {
    if (this.#ended) return;
    let output: unknown;
    try {
      output = this.#deps.parseOutput(value);
    } catch (thrown) {
      // A check of the schema, a getter or a proxy of the answer threw.
      this.fail(thrown);
      return;
    }
    if (output instanceof Failure) {
      this.#end(this.#deps.badOutput(output));
      return;
    }
    this.#settle(undefined);
    if (this.#promise === undefined) this.#promise = Promise.resolve(output);
    else this.#resolve(output);
  }

  /** The handler threw. */
  fail(thrown: unknown): void {
    if (this.#ended) return;
    this.#end(this.#scope.cancelled ?? this.#deps.boundary(thrown));
  }

  /** The deadline passed. */
  override expire(): void {
    const error = catalogueError("DEADLINE_EXCEEDED", `${this.#deps.path} did not end within its deadline.`);
    // A root call is linked to its own scope, so the cancelled scope has ended it.
    this.#scope.cancel(error);
    if (!this.#ended) this.#end(error);
  }

  /** The caller, or a caller above it, was cancelled. */
  scopeCancelled(reason: HolonError): void {
    this.#scope.cancel(reason);
    if (!this.#ended) this.#end(reason);
  }

  /**
   * The caller's handler returned without waiting for this call. So the scope of the caller does not end this call any more, and the deadline needs its own
   * timer now.
   */
  scopeEnded(): void {
    if (!this.#ended && this.slot === undefined) this.#deps.timers.add(this, this.#scope.deadlineAtMs);
  }

  #end(reason: HolonError): void {
    const error = errorOfCall(reason, this.#scope);
    this.#settle(error.code);
    const { promise } = this;
    if (this.#deps.isMutation && error.executed === "no") this.#scope.parent?.effectFailed();
    noteFailedCall(promise, { procedure: this.#deps.path, traceId: this.#scope.trace.traceId });
    this.#reject(error);
  }

  #settle(code: string | undefined): void {
    const deps = this.#deps;
    this.#ended = true;
    this.#owner.unlink(this);
    if (this.slot !== undefined) deps.timers.remove(this);
    // I4. Its handler may run on.
    deps.gauge.running--;
    this.#scope.release();
    this.#series.record(deps.monotonicMs() - this.#startedMs, code);
  }
}
