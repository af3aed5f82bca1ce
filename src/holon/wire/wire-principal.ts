import { ANONYMOUS, type Principal } from "../kernel/index.ts";

/** A principal that a peer sent; undefined where the value is none. Unknown members are dropped. */
export function parsePrincipal(value: unknown): Principal | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, id, roles, context, task } = value as Record<string, unknown>;
  switch (kind) {
    case "anonymous":
      return ANONYMOUS;
    case "user":
      if (typeof id !== "string" || !Array.isArray(roles) || !roles.every((role) => typeof role === "string")) return undefined;
      return { kind, id, roles };
    case "system":
      if (typeof context !== "string" || typeof task !== "string") return undefined;
      return { kind, context, task };
    default:
      return undefined;
  }
}
