import { type Clock, systemClock } from "../../kernel/clock.ts";
import { catalogueError, isHolonError } from "../../kernel/holon-error.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import { isConnectionLoss, toHolonError } from "../database-error.ts";
import type { Tables } from "../drizzle/database.ts";
import { quoteIdentifier } from "../identifier.ts";
import { ensureContextRole, findContextRole, grantContext } from "./context-role.ts";
import { type Migration, readMigrationFolder } from "./migration.ts";
import { MigrationJournal, pendingMigrations } from "./migration-journal.ts";
import { LOCK_WAIT_MS, whenUnlocked, withMigrationLock } from "./migration-locks.ts";
import { LOCK_TIMEOUT_MS, OwnerConnection } from "./owner-connection.ts";
import { StatementWatch } from "./statement-watch.ts";
import { tableDifferences } from "./table-differences.ts";
import { toolkitMigrations } from "./toolkit-migrations.ts";

interface MigrateDeps {
  /** The address with a login that owns the context's schema, or may make it. */
  readonly url: string;
  /** Name of the context, which is also the name of its schema. */
  readonly context: string;
  /** The folder of drizzle-kit's files. Without it only the toolkit's own tables are made. */
  readonly folder?: string | undefined;
  /** The tables of the code. They are compared with those of the database after the migration. */
  readonly tables?: Tables | undefined;
  /**
   * The role or login that works with the tables after the migration. Default: the role `<database>_<context>`, which is made here. A name must be that of a
   * login that exists; null means the login of `url`.
   */
  readonly role?: string | null | undefined;
  readonly log?: Logger | undefined;
  readonly clock?: Clock | undefined;
  /** How long a migration retries to get the locks that it needs. Default: five minutes. */
  readonly lockWaitMs?: number | undefined;
}

/** What a migration found and did. */
interface MigrateResult {
  /** Names of the migrations that ran now, in order. */
  readonly applied: readonly string[];
  /** The role that connections should take, for {@link ContextDataDeps.role}; undefined if they work as their login. */
  readonly role: string | undefined;
  /** Differences between the tables of the code and of the database that make statements fail ({@link tableDifferences}); empty if they match. */
  readonly differences: readonly string[];
}

/**
 * Brings the schema of one context up to date: the schema, its role and rights, the toolkit's tables, then the context's own files.
 *
 * Guarantee: several processes may migrate at the same time, on an empty database too. Each file runs once, as a whole or not at all (unless it begins with
 * `-- holon:no-transaction`). Further migrations that a newer version has run are accepted with a warning, if all of them are compatible. A migration waits a
 * short time for the locks of tables in use and retries after a pause. In the pause the statements that queued behind it run.
 * Errors: CONFLICT - a file that ran was edited or is missing, or a newer version ran a migration that is not compatible; INTERNAL - a statement of a file
 * failed; UNAVAILABLE - the database is unreachable or was lost, or a lock was held for all of `lockWaitMs`.
 */
export async function migrate(deps: MigrateDeps): Promise<MigrateResult> {
  const log = deps.log ?? silentLogger;
  const own = deps.folder === undefined ? undefined : await readMigrationFolder(deps.folder);
  return withOwner(deps.url, (connection) => withMigrationLock(connection, log, () => migrateLocked(connection, deps, own, log)));
}

/** The role that connections of a login may take for a context; undefined if they work as the login. For processes that do not migrate. */
export function contextRole(options: { readonly url: string; readonly context: string }): Promise<string | undefined> {
  return withOwner(options.url, (connection) => findContextRole(connection, options.context));
}

/** Opens a connection for the work, and closes it. Errors: codes of the catalogue. */
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
  deps: MigrateDeps,
  own: readonly Migration[] | undefined,
  log: Logger,
): Promise<MigrateResult> {
  const { context } = deps;
  await ensureSchema(connection, context);
  const journal = await MigrationJournal.open(connection, context, log);
  const role = deps.role === undefined ? await ensureContextRole(connection, context, log) : (deps.role ?? undefined);
  const sources = [
    { source: "holon", migrations: toolkitMigrations(context) },
    { source: "context", migrations: own },
  ] as const;
  // All sources are checked before the first migration runs, so that a version that is refused runs none.
  const found = [];
  for (const { source, migrations } of sources) {
    const pending = await pendingMigrations({ journal, context, source, migrations, log });
    found.push({ source, pending, done: (migrations?.length ?? 0) - pending.length });
  }
  const applied = [];
  const { clock = systemClock, lockWaitMs = LOCK_WAIT_MS } = deps;
  const watch = await StatementWatch.open({ connection, clock, log });
  try {
    for (const { source, pending, done } of found) {
      for (const [index, migration] of pending.entries()) {
        const run: MigrationRun = { connection, watch, context, migration, clock, log, lockWaitMs };
        await runMigration(run, () => journal.record(source, migration, done + index));
        log.info({ context, migration: migration.name }, "Migrated.");
        applied.push(migration.name);
      }
    }
  } finally {
    await watch.close();
  }
  if (role !== undefined) await grantContext(connection, context, role, log);
  const differences = deps.tables === undefined ? [] : await tableDifferences(connection, context, deps.tables);
  // The migrations of the newer version are marked as compatible, by that version or by an operator. So their differences are only logged.
  const isOlder = (await journal.applied("context")).length > (own?.length ?? 0);
  if (isOlder && differences.length > 0) {
    log.warn(
      { context, differences },
      "The tables are not as this version declares them. Newer migrations that are marked as compatible changed them.",
    );
  }
  // A named login connects as itself, so there is no role to take.
  return { applied, role: deps.role === undefined ? role : undefined, differences: isOlder ? [] : differences };
}

/** Checks first whether the schema exists, because `create schema if not exists` needs rights on the database even if the schema exists. */
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
  readonly lockWaitMs: number;
}

async function runMigration(run: MigrationRun, record: () => Promise<void>): Promise<void> {
  const { connection, watch, context, migration } = run;
  if (!migration.inTransaction) {
    // A statement outside of a transaction can be neither rolled back nor retried, so it waits longer for locks.
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

/** The longest wait for a lock of a statement that runs outside of a transaction. */
const ALONE_LOCK_TIMEOUT_MS = 60_000;

async function runStatements({ watch, context, migration }: MigrationRun, onBegin: (statement: number) => void): Promise<void> {
  for (const [index, text] of migration.statements.entries()) {
    if (createsOwnSchema(text, context)) continue;
    const statement = index + 1;
    onBegin(statement);
    try {
      await watch.run({ context, migration: migration.name, statement }, text);
    } catch (cause) {
      // The migration did not cause these errors, and their messages are clear.
      if (isHolonError(cause) || isConnectionLoss(cause)) throw cause;
      const said = cause instanceof Error ? cause.message : String(cause);
      throw catalogueError("INTERNAL", `The migration ${migration.name} of the context ${context} fails at statement ${statement}: ${said}`, {
        cause,
        details: { context, migration: migration.name, statement },
      });
    }
  }
}

/** Whether this is drizzle-kit's first statement, which creates the schema. The schema exists already, because the journal is in it. */
function createsOwnSchema(statement: string, context: string): boolean {
  const match = /^create\s+schema\s+(?:if\s+not\s+exists\s+)?("?)([^";\s]+)\1\s*;?$/i.exec(statement);
  return match?.[2] === context;
}
