import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { catalogueError } from "../../kernel/holon-error.ts";

/** One file of changes to a schema, as the migrator runs and records it. */
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

interface DrizzleJournal {
  readonly entries: readonly { readonly idx: number; readonly tag: string }[];
}

/**
 * Reads the migrations that drizzle-kit generated into a folder, in the order of its journal.
 *
 * Shape: empty if the folder has no journal, because nothing was generated yet.
 * Errors: CONFLICT - the journal names a file that is missing, or is not a journal.
 */
export async function readMigrationFolder(folder: string): Promise<readonly Migration[]> {
  const file = path.join(folder, "meta", "_journal.json");
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return [];
  const entries = [...parseJournal(file, text).entries].sort((a, b) => a.idx - b.idx);
  return Promise.all(entries.map(({ tag }) => readMigration(folder, tag)));
}

async function readMigration(folder: string, tag: string): Promise<Migration> {
  const file = path.join(folder, `${tag}.sql`);
  try {
    return toMigration(tag, await readFile(file, "utf8"));
  } catch (cause) {
    throw catalogueError(
      "CONFLICT",
      `The migration ${file} is missing, but the journal in ${folder}/meta names it. Restore it from version control.`,
      { cause },
    );
  }
}

function parseJournal(file: string, text: string): DrizzleJournal {
  try {
    const journal = JSON.parse(text) as Partial<DrizzleJournal>;
    if (Array.isArray(journal.entries)) return journal as DrizzleJournal;
  } catch {
    // The error is reported below, as it is for JSON of another shape.
  }
  throw catalogueError("CONFLICT", `${file} is not the journal of drizzle-kit. Restore it from version control.`);
}
