import { ANONYMOUS, isUnicode, type Principal } from "../../kernel/index.ts";

/**
 * A principal that a peer sent, or an app's `authenticate` answered; undefined where the value is not one. Unknown members are dropped. Its
 * texts are well-formed Unicode: two ids that a database would write alike are never two users.
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
      if (!isText(id) || !Array.isArray(roles) || !roles.every(isText)) return undefined;
      return Object.freeze({ kind, id, roles: Object.freeze([...roles]) });
    case "system":
      if (!isText(context) || !isText(task)) return undefined;
      return Object.freeze({ kind, context, task });
    default:
      return undefined;
  }
}

const KINDS: ReadonlySet<unknown> = new Set<Principal["kind"]>(["anonymous", "user", "system"]);

/** Whether a value may be a principal in a later version: it has a kind that this one does not know. */
export function isUnknownKind(value: unknown): boolean {
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  return typeof kind === "string" && !KINDS.has(kind);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && isUnicode(value);
}
