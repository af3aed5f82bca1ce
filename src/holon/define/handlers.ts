import type { AnyProcedure, OutputOf, ParsedInputOf, ProcedureTree, ReturnOf } from "../contract/index.ts";
import type { BaseContext, ContextTypes, HandlerContext, Transaction } from "./handler-context.ts";
import type { SubscriptionContext } from "./watch-context.ts";

type MaybePromise<T> = T | Promise<T>;

/** The arguments of a handler. */
export interface HandlerArguments<T extends ContextTypes, P extends AnyProcedure> {
  readonly input: ParsedInputOf<P>;
  readonly ctx: HandlerContext<T, P>;
}

/** The arguments of a subscription's handler. */
export interface SubscriptionArguments<T extends ContextTypes, P extends AnyProcedure> {
  readonly input: ParsedInputOf<P>;
  readonly ctx: SubscriptionContext<T, P>;
}

/** The arguments of an idempotent mutation's handler. Its transaction also writes key and answer, and it cannot call other contexts. */
export interface TransactionalArguments<T extends ContextTypes, P extends AnyProcedure> {
  readonly input: ParsedInputOf<P>;
  readonly ctx: BaseContext<T, P>;
  readonly tx: Transaction<T>;
  /** The caller's key, or a random one if the caller sent none. */
  readonly key: string;
}

/** The arguments of an idempotent mutation's handler that has effects outside its own database. */
export interface OutsideEffectArguments<T extends ContextTypes, P extends AnyProcedure> extends HandlerArguments<T, P> {
  /** The caller's key, or a random one if the caller sent none. Pass it to the outside system, so that it too acts once. */
  readonly key: string;
  /** Counts from 1; higher if an earlier attempt with this key failed or its process died. */
  readonly attempt: number;
}

/** A handler marked by {@link outsideEffect}. */
export interface OutsideEffect<Arguments, Result> {
  readonly kind: "outsideEffect";
  readonly run: (args: Arguments) => Promise<Result>;
}

/**
 * Marks the handler of an idempotent mutation that acts outside its own database: it calls another context, or a gateway.
 *
 * The key is claimed first, for as long as the call may take. The handler then acts outside, and opens exactly one `ctx.transaction`, whose result is the
 * answer: effect and answer are written together. If the handler fails before that, the key is released. So the handler must undo what it did outside, or that
 * must be repeatable under the same key.
 *
 * If a workflow step calls the handler and the step is undone meanwhile, the handler's transaction is refused with KEY_UNDONE. The handler must then take back
 * what it did outside, or the undoing procedure must do so at the outside system, by the same key, even if the outside system acts later.
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

/** A rule on a row. It is checked for users and anonymous callers, never for systems. `false` answers NOT_FOUND. */
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

/** Rules by procedure. A procedure without a rule is open to all principals that its `access` admits. */
export type RulesOf<T extends ContextTypes, Tree extends ProcedureTree> = {
  readonly [Name in keyof Tree]?: Tree[Name] extends AnyProcedure
    ? RuleOf<T, Tree[Name]>
    : Tree[Name] extends ProcedureTree
      ? RulesOf<T, Tree[Name]>
      : never;
};
