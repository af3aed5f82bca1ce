import type { Scope } from "../kernel/scope.ts";
import type { AnyProcedure } from "./procedure.ts";

/**
 * A procedure that can be called, wherever it runs: the compiled handler of a context hosted here, or its place on the other end of the mesh.
 *
 * The edge, the mesh server and `ctx.call` know nothing else of each other.
 */
export interface Target {
  /** With the context's name in front: `catalog.products.get`. */
  readonly path: string;
  readonly procedure: AnyProcedure;
  /**
   * Calls a query or mutation. Access is checked and input parsed on the way, so `input` may be anything.
   *
   * Shape: what the contract's output says; an own copy that the callee keeps no reference to.
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
