import type { HolonError } from "./holon-error.ts";
import type { Principal } from "./principal.ts";
import { newTrace, Trace } from "./trace.ts";

/** The parts of a scope that has no parent. */
interface ScopeOptions {
  readonly principal: Principal;
  /** The deadline on the monotonic clock, in milliseconds. */
  readonly deadlineAtMs: number;
  /** The name of the context that makes the call, or `edge`. */
  readonly caller: string;
  readonly trace?: Trace;
  /** Idempotency key of the call. */
  readonly key?: string | undefined;
  /** The principal that started the work to which this call belongs, for audit. It is the call's own principal unless a system acts for a user. */
  readonly initiator?: Principal;
}

type CancelListener = (reason: HolonError) => void;

/** A call in flight that ends early when its scope is cancelled. The links form a list through their own fields, so that linking costs no allocation. */
export interface ScopeLink {
  previousLink: ScopeLink | undefined;
  nextLink: ScopeLink | undefined;
  /** Called once when the scope is cancelled; the link is already removed from the scope. */
  scopeCancelled(reason: HolonError): void;
  /** Called if the call that made this one ends first. After that, this call has to keep its deadline itself, because the scope does not cancel it any more. */
  scopeEnded?(): void;
}

/**
 * All that travels with one call: the principal that it is made for, its deadline, its place in the trace, and whether it was cancelled.
 *
 * Scopes are passed as a parameter, never through async storage, and form a chain: cancelling a call cancels the calls that it made.
 */
export class Scope {
  readonly principal: Principal;
  readonly deadlineAtMs: number;
  readonly caller: string;
  readonly key: string | undefined;
  readonly parent: Scope | undefined;
  readonly #initiator: Principal | undefined;
  #trace: Trace | undefined;
  #reason: HolonError | undefined = undefined;
  #listeners: CancelListener[] | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #hooked = false;
  #standsAlone = false;
  #effects = 0;
  #firstLink: ScopeLink | undefined = undefined;

  constructor(
    principal: Principal,
    deadlineAtMs: number,
    caller: string,
    key: string | undefined,
    parent: Scope | undefined,
    trace: Trace | undefined,
    initiator: Principal | undefined,
  ) {
    this.principal = principal;
    this.deadlineAtMs = deadlineAtMs;
    this.caller = caller;
    this.key = key;
    this.parent = parent;
    this.#trace = trace;
    this.#initiator = initiator;
  }

  /** A scope without a parent: at the edge, in a job, in a test. */
  static root(options: ScopeOptions): Scope {
    return new Scope(options.principal, options.deadlineAtMs, options.caller, options.key, undefined, options.trace ?? newTrace(), options.initiator);
  }

  /** The scope of a call made from this one. */
  child(caller: string, principal: Principal, deadlineAtMs: number, key: string | undefined): Scope {
    return new Scope(principal, Math.min(deadlineAtMs, this.deadlineAtMs), caller, key, this, undefined, this.#initiator);
  }

  get initiator(): Principal {
    return this.#initiator ?? this.parent?.initiator ?? this.principal;
  }

  get trace(): Trace {
    if (this.#trace === undefined) {
      const from = (this.parent as Scope).trace;
      this.#trace = new Trace(from.traceId, from.spanId, from.sampled);
    }
    return this.#trace;
  }

  /** Why this call was cancelled: its own reason or that of the nearest ancestor; undefined if it was not cancelled. */
  get cancelled(): HolonError | undefined {
    return this.#reason ?? this.parent?.cancelled;
  }

  /** Cancels this call and all calls made from it. The first reason is kept. */
  cancel(reason: HolonError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (let link = this.#firstLink; link !== undefined; link = this.#firstLink) {
      this.unlink(link);
      link.scopeCancelled(reason);
    }
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners === undefined) return;
    for (const listener of listeners) listener(reason);
  }

  /**
   * Calls a function when this call is cancelled, at once if it already is. Returns the function that removes the listener. Call that when the work is done:
   * otherwise a long-lived scope keeps every finished piece of work in memory.
   */
  onCancel(listener: CancelListener): () => void {
    const reason = this.cancelled;
    if (reason !== undefined) {
      listener(reason);
      return () => {};
    }
    this.#hook();
    this.#listeners ??= [];
    this.#listeners.push(listener);
    return () => {
      const index = this.#listeners?.indexOf(listener) ?? -1;
      if (index >= 0) this.#listeners?.splice(index, 1);
    };
  }

  /** Whether this call may be cancelled without its parent. If so, work of this call must be linked to this scope, not to the parent. */
  get standsAlone(): boolean {
    return this.#standsAlone || this.parent === undefined;
  }

  /** Lets this call be cancelled without its parent. That costs a listener, which most calls do not need. */
  standAlone(): void {
    this.#standsAlone = true;
    this.#hook();
  }

  /** An AbortSignal that follows this scope, made on first use. Its `reason` is the HolonError. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.onCancel((reason) => controller.abort(reason));
    }
    return this.#controller.signal;
  }

  /**
   * Whether this call may have had an effect: it has begun a transaction, or called a mutation of another context. Then the call may have had an effect even if
   * a later part of it fails with an error that says that this part was not executed.
   */
  get mayHaveActed(): boolean {
    return this.#effects > 0;
  }

  /** Notes that work begins which may have an effect. */
  effectBegan(): void {
    this.#effects++;
  }

  /** Notes that work which {@link effectBegan} has noted is over and certainly had no effect. */
  effectFailed(): void {
    this.#effects--;
  }

  /** Links a call in flight to this scope; remove it with {@link unlink} when it ends. */
  link(link: ScopeLink): void {
    const first = this.#firstLink;
    link.nextLink = first;
    if (first !== undefined) first.previousLink = link;
    this.#firstLink = link;
  }

  unlink(link: ScopeLink): void {
    const { previousLink, nextLink } = link;
    if (previousLink === undefined) {
      if (this.#firstLink !== link) return;
      this.#firstLink = nextLink;
    } else {
      previousLink.nextLink = nextLink;
    }
    if (nextLink !== undefined) nextLink.previousLink = previousLink;
    link.previousLink = undefined;
    link.nextLink = undefined;
  }

  #unhook: (() => void) | undefined = undefined;

  /** Listens to the parent, but only when this scope gets its first listener: most calls end without one. */
  #hook(): void {
    if (this.#hooked || this.parent === undefined) return;
    this.#hooked = true;
    this.#unhook = this.parent.onCancel((reason) => this.cancel(reason));
  }

  /** The call is over: stops listening to the parent, and informs calls that it made and did not wait for. */
  release(): void {
    for (let link = this.#firstLink; link !== undefined; link = link.nextLink) link.scopeEnded?.();
    this.#unhook?.();
    this.#unhook = undefined;
  }
}
