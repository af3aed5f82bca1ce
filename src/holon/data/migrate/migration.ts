import { createHash } from "node:crypto";

/** One step of a schema, as the migrator runs and remembers it. */
export interface Migration {
  readonly name: string;
  /** Of the text, line ends made alike; tells an edited file from the one that ran. */
  readonly hash: string;
  readonly statements: readonly string[];
  /** False for a file that begins with `-- holon:no-transaction`. */
  readonly inTransaction: boolean;
}

const NO_TRANSACTION = /^--\s*holon:no-transaction\s*(\n|$)/;

/** Reads the text of a migration: statements stand between drizzle-kit's breakpoints. */
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
