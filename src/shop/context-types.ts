import type { BaseContext, ContextDefinition, ContextTypes, HandlerContext, Transaction } from "holon";
import type { AnyProcedure } from "holon/contract";

type TypesOf<Definition> = Definition extends ContextDefinition<infer Types extends ContextTypes> ? Types : never;

/** `ctx` of any procedure of a context, for functions that several handlers share. */
export type ContextOf<Definition> = HandlerContext<TypesOf<Definition>, AnyProcedure>;

/** The half of `ctx` that reads, which transactional handlers and rules have too. */
export type ReaderOf<Definition> = Pick<BaseContext<TypesOf<Definition>, AnyProcedure>, "db" | "prepared">;

/** An open transaction of a context. */
export type TransactionOf<Definition> = Transaction<TypesOf<Definition>>;
