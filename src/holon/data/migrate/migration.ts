import { createHash } from "node:crypto";

/** One step of a schema, as the migrator runs and records it. */
export interface Migration {
  readonly name: string;
  /** Hash of the text with uniform line ends. It shows whether a file was edited after it ran. */
  readonly hash: string;
  readonly statements: readonly string[];
  /** False for a file that begins with `-- holon:no-transaction`. */
  readonly inTransaction: boolean;
}

const NO_TRANSACTION = /^--\s*holon:no-transaction\s*(\n|$)/;

/** Reads the text of a migration. drizzle-kit's breakpoints separate its statements. */
export function toMigration(name: string, text: string): Migration {
  const unified = text.replaceAll("\r\n", "\n");
  return {
    name,
    hash: createHash("sha256").update(unified).digest("hex"),
    statements: unified
      .split("--> statement-breakpoint")
      .map((statement) => statement.trim())
      .filter((statement) => statement !== ""),
    inTransaction: !NO_TRANSACTION.test(unified),
  };
}
