import { catalogueError, type HolonError } from "../kernel/holon-error.ts";
import type { Principal } from "../kernel/principal.ts";
import type { Scope } from "../kernel/scope.ts";
import type { Access, AnyProcedure } from "./procedure.ts";

/**
 * A procedure that can be called, wherever it runs: the compiled handler of a context in this process, or a procedure of another process that is called over
 * the mesh.
 *
 * The edge, the mesh server and `ctx.call` share only this interface. None of them depends on the others.
 */
export interface Target {
  /** The path of the procedure, with the name of the context first: `catalog.products.get`. */
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

/**
 * Why a principal may not call a procedure; undefined if it may.
 *
 * A system may call procedures of every access, because the pipeline has checked before that its context declares the called context in `calls`. `internal`
 * needs no check here, because an internal procedure cannot be reached from outside. Another context may call an internal procedure for a user.
 */
export function accessRefusal(access: Access, principal: Principal): HolonError | undefined {
  if (access === "public" || access === "internal" || principal.kind === "system") return undefined;
  if (principal.kind === "anonymous") return catalogueError("UNAUTHORIZED", "Sign in to call this procedure.");
  if (access === "user" || principal.roles.includes(access.role)) return undefined;
  return catalogueError("FORBIDDEN", `This needs the role "${access.role}".`);
}
