import { ANONYMOUS, type Principal } from "../kernel/index.ts";

/**
 * A principal that a peer sent, or an app's `authenticate` answered; undefined where the value is none. Unknown members are dropped.
 *
 * Guarantee: nobody can change it. Handlers get the very object, and a connection remembers it: a role that one handler adds would be there for
 * everybody's next call.
 */
export function parsePrincipal(value: unknown): Principal | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, id, roles, context, task } = value as Record<string, unknown>;
  switch (kind) {
    case "anonymous":
      return ANONYMOUS;
    case "user":
      if (typeof id !== "string" || !Array.isArray(roles) || !roles.every((role) => typeof role === "string")) return undefined;
      return Object.freeze({ kind, id, roles: Object.freeze([...roles]) });
    case "system":
      if (typeof context !== "string" || typeof task !== "string") return undefined;
      return Object.freeze({ kind, context, task });
    default:
      return undefined;
  }
}
