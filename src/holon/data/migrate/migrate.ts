import { type Clock, catalogueError, isHolonError, type Logger, silentLogger, systemClock } from "../../kernel/index.ts";
import { isConnectionLoss, toHolonError } from "../database-error.ts";
import type { Tables } from "../drizzle/database.ts";
import { quoteIdentifier } from "../identifier.ts";
import { ensureContextRole, findContextRole, grantContext } from "./context-role.ts";
import type { Migration } from "./migration.ts";
import { readMigrationFolder } from "./migration-folder.ts";
import { MigrationJournal } from "./migration-journal.ts";
import { withMigrationLock } from "./migration-lock.ts";
import { LOCK_TIMEOUT_MS, OwnerConnection } from "./owner-connection.ts";
import { pendingMigrations } from "./pending-migrations.ts";
import { StatementWatch } from "./statement-watch.ts";
import { tableDifferences } from "./table-differences.ts";
import { toolkitMigrations } from "./toolkit-migrations.ts";
import { LOCK_PATIENCE_MS, whenUnlocked } from "./when-unlocked.ts";

/** What to migrate, and for whom. */
export interface MigrateOptions {
  /** Login that owns the context's schema, or may make it. */
  readonly url: string;
  /** Name of the context, which is the name of its schema. */
  readonly context: string;
  /** Folder of drizzle-kit's files; without it only the toolkit's own tables are made. */
  readonly folder?: string | undefined;
  /** The tables of the code, which are compared with those of the database afterwards. */
  readonly tables?: Tables | undefined;
  /**
   * Who works with the tables afterwards: by default the role `<database>_<context>`, made here; a name for a login that exists; null where the
   * login of `url` is the context's own.
   */
  readonly role?: string | null | undefined;
  readonly log?: Logger | undefined;
  readonly clock?: Clock | undefined;
  /** How long a migration tries to get the locks that it needs; five minutes if nothing is given. */
  readonly patienceMs?: number | undefined;
}

/** What a migration found and did. */
export interface MigrateResult {
  /** Names of the migrations that ran now, in order. */
  readonly applied: readonly string[];
  /** The role that connections should take, for {@link ContextDataOptions.role}; undefined where they work as their login. */
  readonly role: string | undefined;
  /** How the tables of the code and of the database differ, so that statements fail ({@link tableDifferences}); empty where they fit. */
  readonly differences: readonly string[];
}

/**
 * Brings the schema of one context up to date: the schema, its role and rights, the toolkit's tables, then the context's own files.
 *
 * Guarantee: processes may do so at the same time, on an empty database too; each file runs once, whole or not at all (unless it opted out).
 * Migrations of a newer version, behind all that this one has, are let through with a warning when they are compatible.
 * A migration waits shortly for the locks of tables in use, and tries again after a pause: what queues behind it goes on in between.
 * Errors: CONFLICT - a file that ran was edited, or is missing, or a newer version ran one that is not compatible; INTERNAL - a file fails;
 * UNAVAILABLE - no database, or one that went away, or a lock that others kept for the whole patience.
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const log = options.log ?? silentLogger;
  const own = options.folder === undefined ? undefined : await readMigrationFolder(options.folder);
  return withOwner(options.url, (connection) => withMigrationLock(connection, log, () => migrateLocked(connection, options, own, log)));
}

/** The role that connections of a login may take for a context; undefined where they work as the login. For processes that do not migrate. */
export function contextRole(options: { readonly url: string; readonly context: string }): Promise<string | undefined> {
  return withOwner(options.url, (connection) => findContextRole(connection, options.context));
}

/** Errors: in the catalogue's words. */
async function withOwner<Result>(url: string, work: (connection: OwnerConnection) => Promise<Result>): Promise<Result> {
  let connection: OwnerConnection | undefined;
  try {
    connection = await OwnerConnection.open(url);
    return await work(connection);
  } catch (error) {
    throw isHolonError(error) ? error : toHolonError(error);
  } finally {
    await connection?.close();
  }
}

async function migrateLocked(
  connection: OwnerConnection,
  options: MigrateOptions,
  own: readonly Migration[] | undefined,
  log: Logger,
): Promise<MigrateResult> {
  const { context } = options;
  await ensureSchema(connection, context);
  const journal = await MigrationJournal.open(connection, context, log);
  const role = options.role === undefined ? await ensureContextRole(connection, context, log) : (options.role ?? undefined);
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
  const { clock = systemClock, patienceMs = LOCK_PATIENCE_MS } = options;
  const watch = await StatementWatch.open({ connection, clock, log });
  try {
    for (const { source, pending, done } of found) {
      for (const [index, migration] of pending.entries()) {
        const run: MigrationRun = { connection, watch, context, migration, clock, log, patienceMs };
        await runMigration(run, () => journal.record(source, migration, done + index));
        log.info({ context, migration: migration.name }, "Migrated.");
        applied.push(migration.name);
      }
    }
  } finally {
    await watch.close();
  }
  if (role !== undefined) await grantContext(connection, context, role, log);
  const differences = options.tables === undefined ? [] : await tableDifferences(connection, context, options.tables);
  // An operator, or the newer version, has said that this one works with what the newer one left.
  const isOlder = (await journal.applied("context")).length > (own?.length ?? 0);
  if (isOlder && differences.length > 0) {
    log.warn(
      { context, differences },
      "The tables are not as this version declares them. Newer migrations that are marked as compatible changed them.",
    );
  }
  // A login that was named is connected as, not changed into.
  return { applied, role: options.role === undefined ? role : undefined, differences: isOlder ? [] : differences };
}

/** Asks first: `create schema if not exists` needs rights on the database even where the schema exists. */
async function ensureSchema(connection: OwnerConnection, context: string): Promise<void> {
  const found = await connection.rows("select 1 from pg_namespace where nspname = $1", [context]);
  if (found.length === 0) await connection.rows(`create schema ${quoteIdentifier(context)}`);
}

/** One migration that runs. */
interface MigrationRun {
  readonly connection: OwnerConnection;
  readonly watch: StatementWatch;
  readonly context: string;
  readonly migration: Migration;
  readonly clock: Clock;
  readonly log: Logger;
  readonly patienceMs: number;
}

async function runMigration(run: MigrationRun, record: () => Promise<void>): Promise<void> {
  const { connection, watch, context, migration } = run;
  if (!migration.inTransaction) {
    // What cannot run in a transaction cannot be taken back either, nor tried again: it waits for locks with patience of its own.
    await connection.rows(`set lock_timeout = ${ALONE_LOCK_TIMEOUT_MS}`);
    await runStatements(run, () => {});
    await connection.rows(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    return record();
  }
  let at = 1;
  const way = () => ({ statement: at, waitsFor: watch.waitsFor, blockedBy: watch.blockedBy });
  await whenUnlocked({ ...run, what: { context, migration: migration.name }, way }, () =>
    connection.transaction(async () => {
      await runStatements(run, (statement) => {
        at = statement;
      });
      await record();
    }),
  );
}

/** Longest wait for a lock of a statement that runs outside of a transaction. */
const ALONE_LOCK_TIMEOUT_MS = 60_000;

async function runStatements({ watch, context, migration }: MigrationRun, onBegin: (statement: number) => void): Promise<void> {
  for (const [index, text] of migration.statements.entries()) {
    if (createsOwnSchema(text, context)) continue;
    const statement = index + 1;
    onBegin(statement);
    try {
      await watch.run({ context, migration: migration.name, statement }, text);
    } catch (cause) {
      // Those are not the migration's fault, and say what they are.
      if (isHolonError(cause) || isConnectionLoss(cause)) throw cause;
      const said = cause instanceof Error ? cause.message : String(cause);
      throw catalogueError("INTERNAL", `The migration ${migration.name} of the context ${context} fails at statement ${statement}: ${said}`, {
        cause,
        details: { context, migration: migration.name, statement },
      });
    }
  }
}

/** drizzle-kit begins with creating the schema, which is there already: it holds the journal. */
function createsOwnSchema(statement: string, context: string): boolean {
  const match = /^create\s+schema\s+(?:if\s+not\s+exists\s+)?("?)([^";\s]+)\1\s*;?$/i.exec(statement);
  return match?.[2] === context;
}
