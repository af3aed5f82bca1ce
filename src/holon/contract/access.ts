import { catalogueError, type HolonError } from "../kernel/holon-error.ts";
import type { Principal } from "../kernel/principal.ts";
import type { Access } from "./procedure.ts";

/**
 * Why a principal may not call a procedure; undefined where it may.
 *
 * A system passes every access: which contexts it may call at all was declared and checked before. `internal` is refused where a call comes
 * in from outside, by not being there; a user that a context calls for passes.
 */
export function accessRefusal(access: Access, principal: Principal): HolonError | undefined {
  if (access === "public" || access === "internal" || principal.kind === "system") return undefined;
  if (principal.kind === "anonymous") return catalogueError("UNAUTHORIZED", "Sign in to call this procedure.");
  if (access === "user" || principal.roles.includes(access.role)) return undefined;
  return catalogueError("FORBIDDEN", `This needs the role "${access.role}".`);
}
