import type { AnyProcedure } from "../contract/index.ts";
import type { ContextTypes, HandlerContext } from "./handler-context.ts";

/** `ctx` of {@link StartHandler}: the context's own tables. It cannot call other contexts, since they may not be running yet. */
export type StartContext<T extends ContextTypes> = Pick<
  HandlerContext<T, AnyProcedure>,
  "db" | "prepared" | "transaction" | "log" | "signal" | "remainingMs"
>;

/**
 * Work that a process does for a context after its tables exist, and before it takes any call, event or job.
 *
 * It runs in every process that hosts the context, at every start, and in several processes at once. Work that must happen once needs a row that says so. An
 * error that it throws ends the start.
 */
export type StartHandler<T extends ContextTypes> = (args: { readonly ctx: StartContext<T> }) => Promise<void> | void;
