import type { Principal, UserPrincipal } from "holon";
import type { z } from "zod";
import type { Hop, Who } from "./contracts/shapes.ts";

/** What every handler's `ctx` tells of a call. */
interface Seen {
  readonly principal: Principal;
  readonly initiator: Principal;
  readonly user: UserPrincipal | undefined;
  readonly traceId: string;
  readonly remainingMs: number;
}

/** What a context sees of a call, as data. */
export function hopOf(context: string, { principal, initiator, user, traceId, remainingMs }: Seen): z.input<typeof Hop> {
  return { context, principal: who(principal), initiator: who(initiator), user: user?.id ?? null, traceId, remainingMs };
}

function who(principal: Principal): z.input<typeof Who> {
  return principal.kind === "user" ? { ...principal, roles: [...principal.roles] } : principal;
}
