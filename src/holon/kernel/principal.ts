/** A signed-in user. The edge decides once for each request which user that is. */
export interface UserPrincipal {
  readonly kind: "user";
  readonly id: string;
  readonly roles: readonly string[];
}

/** A call from outside without a token. */
export interface AnonymousPrincipal {
  readonly kind: "anonymous";
}

/** Work that a context does on its own account: `context` is its name and `task` is its work, as in `orders` and `workflow placeOrder`. */
export interface SystemPrincipal {
  readonly kind: "system";
  readonly context: string;
  readonly task: string;
}

/** The user, the anonymous caller or the system that a call is made for. */
export type Principal = UserPrincipal | AnonymousPrincipal | SystemPrincipal;

export const ANONYMOUS: AnonymousPrincipal = Object.freeze({ kind: "anonymous" });

/** The name of a principal in logs and in the table of idempotency keys. */
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
