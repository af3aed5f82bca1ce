import { catalogueError, type HolonError } from "../kernel/holon-error.ts";
import type { Principal } from "../kernel/principal.ts";
import type { Access } from "./procedure.ts";

/**
 * Why a principal may not call a procedure; undefined if it may.
 *
 * A system passes every access: the contexts that it may call were declared and checked before. `internal` needs no check here, because an internal procedure
 * cannot be reached from outside; a user that a context calls for passes.
 */
export function accessRefusal(access: Access, principal: Principal): HolonError | undefined {
  if (access === "public" || access === "internal" || principal.kind === "system") return undefined;
  if (principal.kind === "anonymous") return catalogueError("UNAUTHORIZED", "Sign in to call this procedure.");
  if (access === "user" || principal.roles.includes(access.role)) return undefined;
  return catalogueError("FORBIDDEN", `This needs the role "${access.role}".`);
}
