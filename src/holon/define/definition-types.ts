import type { AnyProcedure, ContractMap } from "../contract/index.ts";
import type { ContextDefinition } from "./define-context.ts";
import type { BaseContext, ContextTypes, HandlerContext, Transaction } from "./handler-context.ts";
import type { StartContext, SubscriptionContext } from "./handlers.ts";

type TypesOf<Definition> = Definition extends ContextDefinition<infer Types extends ContextTypes, infer _ extends ContractMap> ? Types : never;

/** `ctx` of a context, for functions that several handlers share. Name the procedure if the function throws errors that its contract declares. */
export type ContextOf<Definition, Procedure extends AnyProcedure = AnyProcedure> = HandlerContext<TypesOf<Definition>, Procedure>;

/** `ctx` of a subscription, for functions that write its items. */
export type SubscriptionContextOf<Definition, Procedure extends AnyProcedure = AnyProcedure> = SubscriptionContext<TypesOf<Definition>, Procedure>;

/** The half of `ctx` that reads. Transactional handlers and rules have it too. */
export type ReaderOf<Definition> = Pick<BaseContext<TypesOf<Definition>, AnyProcedure>, "db" | "prepared">;

/** An open transaction of a context. */
export type TransactionOf<Definition> = Transaction<TypesOf<Definition>>;

/** `ctx` of a context's start handler, for functions that it calls. */
export type StartContextOf<Definition> = StartContext<TypesOf<Definition>>;
