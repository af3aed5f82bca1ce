import type { Scope } from "../kernel/scope.ts";
import type { AnyProcedure } from "./procedure.ts";

/**
 * A procedure that can be called, wherever it runs: the compiled handler of a context in this process, or a procedure of another process that is called over
 * the mesh.
 *
 * The edge, the mesh server and `ctx.call` meet only here: each knows nothing else of the others.
 */
export interface Target {
  /** With the name of the context first: `catalog.products.get`. */
  readonly path: string;
  readonly procedure: AnyProcedure;
  /**
   * Calls a query or mutation. The target checks access and parses the input, so `input` may be any value.
   *
   * Shape: as the contract's output declares; a copy to which the callee keeps no reference.
   * Errors: HolonError only, with a code of the catalogue or of the contract; never throws synchronously.
   */
  invoke(scope: Scope, input: unknown): Promise<unknown>;
  /**
   * Opens a subscription. The stream ends when the scope is cancelled or the consumer returns.
   *
   * Errors: HolonError, from the first `next()` on.
   */
  subscribe(scope: Scope, input: unknown): AsyncIterable<unknown>;
}

/** Targets by path. */
export type TargetMap = ReadonlyMap<string, Target>;
