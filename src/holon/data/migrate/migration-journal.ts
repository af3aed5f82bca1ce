import type { ISql, Sql } from "postgres";
import { catalogueError, type Logger } from "../../kernel/index.ts";
import { quoteIdentifier } from "../identifier.ts";
import type { Migration } from "./migration.ts";

/** Whose migrations: the toolkit's own tables, or the context's. */
export type MigrationSource = "holon" | "context";

interface AppliedRow {
  readonly name: string;
  readonly hash: string;
}

/** Makes the table that remembers what ran in a schema. */
export async function ensureJournal(sql: Sql, schema: string): Promise<void> {
  const found = await sql`select 1 from pg_tables where schemaname = ${schema} and tablename = 'holon_migrations'`;
  if (found.length > 0) return;
  await sql.unsafe(`create table ${quoteIdentifier(schema)}.holon_migrations (
    source text not null,
    name text not null,
    ordinal integer not null,
    hash text not null,
    applied_at timestamptz not null default now(),
    primary key (source, name)
  )`);
}

/**
 * What is still to run, after making sure that what ran is what the files say.
 *
 * Errors: CONFLICT naming the file where one that ran was edited, is missing, or stands behind one that did not run.
 */
export async function pendingMigrations(
  sql: Sql,
  context: string,
  source: MigrationSource,
  migrations: readonly Migration[],
  log: Logger,
): Promise<readonly Migration[]> {
  const applied = await readApplied(sql, context, source);
  for (const [index, row] of applied.entries()) {
    const migration = migrations[index];
    if (migration?.name === row.name && migration.hash === row.hash) continue;
    if (migration?.name === row.name)
      throw conflict(context, row.name, "was edited after it had run here. Restore its text, and write the change as a new migration.");
    if (migrations.some(({ name }) => name === row.name)) {
      throw conflict(
        context,
        migration?.name ?? row.name,
        `stands before ${row.name}, which has already run here. Generate it again, so that it comes last.`,
      );
    }
    if (source === "holon") {
      // Rolling back to an older toolkit must start: its own migrations only ever add.
      log.warn({ context, migration: row.name }, "This database was migrated by a newer version of the toolkit.");
      return [];
    }
    throw conflict(context, row.name, "has run here, but its file is missing. Restore it from version control, or deploy the version that has it.");
  }
  return migrations.slice(applied.length);
}

/** Remembers that a migration ran; in its transaction, where it has one. */
export async function recordMigration(sql: ISql<{}>, context: string, source: MigrationSource, migration: Migration, ordinal: number): Promise<void> {
  const statement = `insert into ${quoteIdentifier(context)}.holon_migrations (source, name, ordinal, hash) values ($1, $2, $3, $4)`;
  await sql.unsafe(statement, [source, migration.name, ordinal, migration.hash]);
}

async function readApplied(sql: Sql, context: string, source: MigrationSource): Promise<readonly AppliedRow[]> {
  return sql.unsafe<AppliedRow[]>(`select name, hash from ${quoteIdentifier(context)}.holon_migrations where source = $1 order by ordinal`, [source]);
}

function conflict(context: string, migration: string, what: string): Error {
  return catalogueError("CONFLICT", `The migration ${migration} of the context ${context} ${what}`, { details: { context, migration } });
}
