import { createHash } from "node:crypto";

/** The longest name that Postgres keeps. Longer names are cut silently. */
const NAME_BYTES = 63;

/** A name as SQL writes it, whatever characters it has. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL writes it, for statements that take no parameters. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Name of the role that a context works as: `<database>_<context>`. All databases of a server share its roles, so the database is part of the
 * name. If the name would be too long, its end is a hash.
 */
export function contextRoleName(database: string, context: string): string {
  const name = `${database}_${context}`;
  if (Buffer.byteLength(name) <= NAME_BYTES) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 10);
  return `${Buffer.from(name)
    .subarray(0, NAME_BYTES - 11)
    .toString("utf8")
    .replaceAll("\uFFFD", "")}_${hash}`;
}
