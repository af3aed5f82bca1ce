/** A signed-in user; decided once, at the edge. */
export interface UserPrincipal {
  readonly kind: "user";
  readonly id: string;
  readonly roles: readonly string[];
}

/** Nobody in particular: a call from outside without a token. */
export interface AnonymousPrincipal {
  readonly kind: "anonymous";
}

/** Work that a context does on its own account: `context` is who, `task` is what, as in `orders` and `workflow placeOrder`. */
export interface SystemPrincipal {
  readonly kind: "system";
  readonly context: string;
  readonly task: string;
}

/** Who a call is made for. */
export type Principal = UserPrincipal | AnonymousPrincipal | SystemPrincipal;

export const ANONYMOUS: AnonymousPrincipal = Object.freeze({ kind: "anonymous" });

/** The name that idempotency keys are scoped to and logs show. */
export function principalName(principal: Principal): string {
  switch (principal.kind) {
    case "user":
      return `user:${principal.id}`;
    case "system":
      return `system:${principal.context}/${principal.task}`;
    case "anonymous":
      return "anonymous";
  }
}
