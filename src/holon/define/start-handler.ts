import type { AnyProcedure } from "../contract/index.ts";
import type { ContextTypes, HandlerContext } from "./handler-context.ts";

/** `ctx` of {@link StartHandler}: the context's own tables. Other contexts may not be there yet, so they cannot be called. */
export type StartContext<T extends ContextTypes> = Pick<
  HandlerContext<T, AnyProcedure>,
  "db" | "prepared" | "transaction" | "log" | "signal" | "remainingMs"
>;

/**
 * What a process does for a context after its tables are there, and before anything reaches it.
 *
 * It runs in every process that hosts the context, at every start, and in several at once: what must happen once needs a row that says so. What it
 * throws ends the start.
 */
export type StartHandler<T extends ContextTypes> = (args: { readonly ctx: StartContext<T> }) => Promise<void> | void;
