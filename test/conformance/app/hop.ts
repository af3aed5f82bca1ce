import type { Principal, UserPrincipal } from "holon";
import type { z } from "zod";
import type { Hop, Who } from "./contracts/shapes.ts";

/** The facts of a call in every handler's `ctx`. */
interface Seen {
  readonly principal: Principal;
  readonly initiator: Principal;
  readonly user: UserPrincipal | undefined;
  readonly traceId: string;
  readonly remainingMs: number;
}

/** The facts of a call that a context sees, as data. */
export function hopOf(context: string, { principal, initiator, user, traceId, remainingMs }: Seen): z.input<typeof Hop> {
  return { context, principal: who(principal), initiator: who(initiator), user: user?.id ?? null, traceId, remainingMs };
}

function who(principal: Principal): z.input<typeof Who> {
  return principal.kind === "user" ? { ...principal, roles: [...principal.roles] } : principal;
}
