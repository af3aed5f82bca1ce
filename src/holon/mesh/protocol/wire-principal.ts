import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import { isUnicode } from "../../kernel/unicode-text.ts";

/**
 * Reads a principal that a peer sent or that an app's `authenticate` returned; undefined if the value is not one. Unknown members are dropped.
 * Its texts are well-formed Unicode: two ids that a database would write alike are never two users.
 *
 * Guarantee: the principal is frozen. Handlers get this very object, and a connection remembers it: a role that one handler added would be there
 * in every later call.
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

/** Whether a value may be a principal of a later version: its kind is not known here. */
export function isUnknownKind(value: unknown): boolean {
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  return typeof kind === "string" && !KINDS.has(kind);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && isUnicode(value);
}
