import type { AnyProcedure, OutputOf, ParsedInputOf, ProcedureTree, ReturnOf } from "../contract/index.ts";
import type { BaseContext, ContextTypes, HandlerContext, Transaction } from "./handler-context.ts";
import type { SubscriptionContext } from "./watch-context.ts";

type MaybePromise<T> = T | Promise<T>;

/** What a handler gets. */
export interface HandlerArguments<T extends ContextTypes, P extends AnyProcedure> {
  readonly input: ParsedInputOf<P>;
  readonly ctx: HandlerContext<T, P>;
}

/** What the handler of a subscription gets. */
export interface SubscriptionArguments<T extends ContextTypes, P extends AnyProcedure> {
  readonly input: ParsedInputOf<P>;
  readonly ctx: SubscriptionContext<T, P>;
}

/** What the handler of an idempotent mutation gets: the transaction that also writes key and answer, and no way to call others. */
export interface TransactionalArguments<T extends ContextTypes, P extends AnyProcedure> {
  readonly input: ParsedInputOf<P>;
  readonly ctx: BaseContext<T, P>;
  readonly tx: Transaction<T>;
  /** The caller's key, or one made up for this call. */
  readonly key: string;
}

/** What the handler of an idempotent mutation with effects outside its own database gets. */
export interface OutsideEffectArguments<T extends ContextTypes, P extends AnyProcedure> extends HandlerArguments<T, P> {
  /** The caller's key, or one made up for this call: hand it to the outside system, so that it too acts once. */
  readonly key: string;
  /** Counts from 1; higher where an earlier attempt with this key died or failed. */
  readonly attempt: number;
}

/** A handler marked by {@link outsideEffect}. */
export interface OutsideEffect<Arguments, Result> {
  readonly kind: "outsideEffect";
  readonly run: (args: Arguments) => Promise<Result>;
}

/**
 * Marks the handler of an idempotent mutation that acts outside its own database: calls another context, or a gateway.
 *
 * The key is claimed first, for as long as the call may take. The handler then acts outside, and opens exactly one `ctx.transaction`, whose
 * result is the answer: effect and answer are written together. A failure before that gives the key back, so what was done outside must be
 * undone by the handler or be repeatable under the same key.
 *
 * Called by the step of a workflow that is undone meanwhile, its transaction is refused with KEY_UNDONE: the handler must take back what it
 * did outside, or the undoing procedure must do so by the same key at the outside system, also where that acts later.
 */
export function outsideEffect<Arguments, Result>(run: (args: Arguments) => Promise<Result>): OutsideEffect<Arguments, Result> {
  return { kind: "outsideEffect", run };
}

/** The handler of one procedure. */
export type HandlerOf<T extends ContextTypes, P extends AnyProcedure> = P["type"] extends "subscription"
  ? (args: SubscriptionArguments<T, P>) => AsyncIterable<ReturnOf<P>>
  : P["type"] extends "mutation"
    ? P["idempotent"] extends true
      ? ((args: TransactionalArguments<T, P>) => Promise<ReturnOf<P>>) | OutsideEffect<OutsideEffectArguments<T, P>, ReturnOf<P>>
      : (args: HandlerArguments<T, P>) => MaybePromise<ReturnOf<P>>
    : (args: HandlerArguments<T, P>) => MaybePromise<ReturnOf<P>>;

/** The handlers of a contract: one for each procedure, no more and no fewer. */
export type HandlersOf<T extends ContextTypes, Tree extends ProcedureTree> = {
  readonly [Name in keyof Tree]: Tree[Name] extends AnyProcedure
    ? HandlerOf<T, Tree[Name]>
    : Tree[Name] extends ProcedureTree
      ? HandlersOf<T, Tree[Name]>
      : never;
};

/** A rule on a row: asked for users and anonymous callers, never for systems. `false` answers NOT_FOUND. */
export type RuleOf<T extends ContextTypes, P extends AnyProcedure> =
  | ((args: { readonly input: ParsedInputOf<P>; readonly ctx: BaseContext<T, P> }) => MaybePromise<boolean>)
  | (P["type"] extends "mutation" ? never : RowRule<T, P>);

/** A rule of a query that looks at the answer, and so needs no query of its own. */
export interface RowRule<T extends ContextTypes, P extends AnyProcedure> {
  readonly answer: (args: {
    readonly input: ParsedInputOf<P>;
    readonly output: OutputOf<P>;
    readonly ctx: BaseContext<T, P>;
  }) => MaybePromise<boolean>;
}

/** Rules by procedure; procedures without one are open to whom `access` lets in. */
export type RulesOf<T extends ContextTypes, Tree extends ProcedureTree> = {
  readonly [Name in keyof Tree]?: Tree[Name] extends AnyProcedure
    ? RuleOf<T, Tree[Name]>
    : Tree[Name] extends ProcedureTree
      ? RulesOf<T, Tree[Name]>
      : never;
};
