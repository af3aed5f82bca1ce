import type { ISql, Sql } from "postgres";
import { catalogueError, isHolonError, type Logger, silentLogger } from "../../kernel/index.ts";
import { toHolonError } from "../database-error.ts";
import { quoteIdentifier } from "../identifier.ts";
import { ensureContextRole, findContextRole, grantContext } from "./context-role.ts";
import type { Migration } from "./migration.ts";
import { readMigrationFolder } from "./migration-folder.ts";
import { MigrationJournal } from "./migration-journal.ts";
import { withMigrationLock } from "./migration-lock.ts";
import { openOwnerConnection } from "./owner-connection.ts";
import { pendingMigrations } from "./pending-migrations.ts";
import { toolkitMigrations } from "./toolkit-migrations.ts";

/** What to migrate, and for whom. */
export interface MigrateOptions {
  /** Login that owns the context's schema, or may make it. */
  readonly url: string;
  /** Name of the context, which is the name of its schema. */
  readonly context: string;
  /** Folder of drizzle-kit's files; without it only the toolkit's own tables are made. */
  readonly folder?: string | undefined;
  /**
   * Who works with the tables afterwards: by default the role `<database>_<context>`, made here; a name for a login that exists; null where the
   * login of `url` is the context's own.
   */
  readonly role?: string | null | undefined;
  readonly log?: Logger | undefined;
}

/** What a migration found and did. */
export interface MigrateResult {
  /** Names of the migrations that ran now, in order. */
  readonly applied: readonly string[];
  /** The role that connections should take, for {@link ContextDataOptions.role}; undefined where they work as their login. */
  readonly role: string | undefined;
}

/**
 * Brings the schema of one context up to date: the schema, its role and rights, the toolkit's tables, then the context's own files.
 *
 * Guarantee: processes may do so at the same time, on an empty database too; each file runs once, whole or not at all (unless it opted out).
 * Migrations of a newer version, behind all that this one has, are let through with a warning when they are compatible.
 * Errors: CONFLICT - a file that ran was edited, or is missing, or a newer version ran one that is not compatible; INTERNAL - a file fails; UNAVAILABLE - no database.
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const log = options.log ?? silentLogger;
  const own = options.folder === undefined ? undefined : await readMigrationFolder(options.folder);
  const sql = openOwnerConnection(options.url);
  try {
    return await withMigrationLock(sql, log, () => migrateLocked(sql, options, own, log));
  } catch (error) {
    throw isHolonError(error) ? error : toHolonError(error);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** The role that connections of a login may take for a context; undefined where they work as the login. For processes that do not migrate. */
export async function contextRole(options: { readonly url: string; readonly context: string }): Promise<string | undefined> {
  const sql = openOwnerConnection(options.url);
  try {
    return await findContextRole(sql, options.context);
  } catch (error) {
    throw toHolonError(error);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function migrateLocked(sql: Sql, options: MigrateOptions, own: readonly Migration[] | undefined, log: Logger): Promise<MigrateResult> {
  const { context } = options;
  await ensureSchema(sql, context);
  const journal = await MigrationJournal.open(sql, context, log);
  const role = options.role === undefined ? await ensureContextRole(sql, context, log) : (options.role ?? undefined);
  const sources = [
    { source: "holon", migrations: toolkitMigrations(context) },
    { source: "context", migrations: own },
  ] as const;
  // A version that is refused leaves everything as it was.
  const found = [];
  for (const { source, migrations } of sources) {
    const pending = await pendingMigrations({ journal, context, source, migrations, log });
    found.push({ source, pending, done: (migrations?.length ?? 0) - pending.length });
  }
  const applied = [];
  for (const { source, pending, done } of found) {
    for (const [index, migration] of pending.entries()) {
      await runMigration(sql, context, migration, (on) => journal.record(on, source, migration, done + index));
      log.info({ context, migration: migration.name }, "Migrated.");
      applied.push(migration.name);
    }
  }
  if (role !== undefined) await grantContext(sql, context, role, log);
  // A login that was named is connected as, not changed into.
  return { applied, role: options.role === undefined ? role : undefined };
}

/** Asks first: `create schema if not exists` needs rights on the database even where the schema exists. */
async function ensureSchema(sql: Sql, context: string): Promise<void> {
  const found = await sql`select 1 from pg_namespace where nspname = ${context}`;
  if (found.length === 0) await sql.unsafe(`create schema ${quoteIdentifier(context)}`);
}

async function runMigration(sql: Sql, context: string, migration: Migration, record: (on: ISql<{}>) => Promise<void>): Promise<void> {
  if (!migration.inTransaction) {
    await runStatements(sql, context, migration);
    return record(sql);
  }
  await sql.begin(async (tx) => {
    await runStatements(tx, context, migration);
    await record(tx);
  });
}

async function runStatements(sql: ISql<{}>, context: string, migration: Migration): Promise<void> {
  for (const [index, statement] of migration.statements.entries()) {
    if (createsOwnSchema(statement, context)) continue;
    try {
      await sql.unsafe(statement);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw catalogueError("INTERNAL", `The migration ${migration.name} of the context ${context} fails at statement ${index + 1}: ${said}`, {
        cause,
        details: { context, migration: migration.name, statement: index + 1 },
      });
    }
  }
}

/** drizzle-kit begins with creating the schema, which is there already: it holds the journal. */
function createsOwnSchema(statement: string, context: string): boolean {
  const match = /^create\s+schema\s+(?:if\s+not\s+exists\s+)?("?)([^";\s]+)\1\s*;?$/i.exec(statement);
  return match?.[2] === context;
}
