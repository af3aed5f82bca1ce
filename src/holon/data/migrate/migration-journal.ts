import { catalogueError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { sqlState } from "../database-error.ts";
import { quoteIdentifier } from "../identifier.ts";
import { incompatibilitiesOf } from "./compatibility.ts";
import type { Migration } from "./migration.ts";
import type { OwnerRows } from "./owner-connection.ts";

/** Where migrations come from: the toolkit, for its own tables, or the context. */
type MigrationSource = "holon" | "context";

/** A row of the journal: a migration that ran. */
interface AppliedMigration {
  readonly name: string;
  readonly hash: string;
  /** Whether versions that do not have this migration can work with the tables as it leaves them; null if the version that ran it did not judge this. */
  readonly compatible: boolean | null;
}

const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * The table `holon_migrations` of a schema: the migrations that ran there.
 *
 * Versions of the toolkit that do not know the column `compatible` use only the other columns. Their rows have null there until a version that knows the column
 * and has the migration judges it.
 */
export class MigrationJournal {
  readonly #sql: OwnerRows;
  readonly #context: string;
  readonly #table: string;
  /** False if the table has no column `compatible` and this login may not add it. */
  readonly #judges: boolean;

  private constructor(sql: OwnerRows, context: string, judges: boolean) {
    this.#sql = sql;
    this.#context = context;
    this.#table = journalTable(context);
    this.#judges = judges;
  }

  /** Makes the table if it is missing, and adds the column if an older version made the table. */
  static async open(sql: OwnerRows, context: string, log: Logger): Promise<MigrationJournal> {
    const columns = await sql.rows<{ name: string }>(
      `select attname as name from pg_attribute join pg_class on pg_class.oid = attrelid join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = $1 and relname = 'holon_migrations' and attnum > 0 and not attisdropped`,
      [context],
    );
    if (columns.length === 0) {
      await createTable(sql, context);
      return new MigrationJournal(sql, context, true);
    }
    const judges = columns.some(({ name }) => name === "compatible") || (await addColumn(sql, context, log));
    return new MigrationJournal(sql, context, judges);
  }

  async applied(source: MigrationSource): Promise<readonly AppliedMigration[]> {
    const compatible = this.#judges ? "compatible" : "null::boolean as compatible";
    const statement = `select name, hash, ${compatible} from ${this.#table} where source = $1 order by ordinal`;
    return this.#sql.rows<AppliedMigration>(statement, [source]);
  }

  /** Records that a migration ran; in the migration's own transaction, if it has one. */
  async record(source: MigrationSource, migration: Migration, ordinal: number): Promise<void> {
    const row = [source, migration.name, ordinal, migration.hash];
    if (!this.#judges) return void (await this.#sql.rows(`insert into ${this.#table} (source, name, ordinal, hash) values ($1, $2, $3, $4)`, row));
    const statement = `insert into ${this.#table} (source, name, ordinal, hash, compatible) values ($1, $2, $3, $4, $5)`;
    await this.#sql.rows(statement, [...row, isCompatible(migration)]);
  }

  /** Fills the column `compatible` of migrations that were run by a version that did not have it. */
  async judge(source: MigrationSource, migrations: readonly Migration[], log: Logger): Promise<void> {
    if (!this.#judges) return;
    const statement = `update ${this.#table} set compatible = $1 where source = $2 and name = $3 and compatible is null`;
    await ifAllowed(this.#context, log, async () => {
      for (const migration of migrations) await this.#sql.rows(statement, [isCompatible(migration), source, migration.name]);
    });
  }
}

/** The quoted name of a context's journal. */
function journalTable(context: string): string {
  return `${quoteIdentifier(context)}.holon_migrations`;
}

function isCompatible(migration: Migration): boolean {
  return incompatibilitiesOf(migration).length === 0;
}

async function createTable(sql: OwnerRows, context: string): Promise<void> {
  await sql.rows(`create table ${journalTable(context)} (
    source text not null,
    name text not null,
    ordinal integer not null,
    hash text not null,
    applied_at timestamptz not null default now(),
    compatible boolean,
    primary key (source, name)
  )`);
}

function addColumn(sql: OwnerRows, context: string, log: Logger): Promise<boolean> {
  return ifAllowed(context, log, () => sql.rows(`alter table ${journalTable(context)} add column if not exists compatible boolean`));
}

/**
 * Runs work on the journal, if this login may change it. If the login may not, the process can still start, and values that it cannot write count as unknown.
 */
async function ifAllowed(context: string, log: Logger, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    log.warn(
      { context },
      "This login may not change holon_migrations, so it cannot note which migrations older versions can work with. Grant it the table, or migrate once as its owner.",
    );
    return false;
  }
}

interface PendingDeps {
  readonly journal: MigrationJournal;
  readonly context: string;
  readonly source: MigrationSource;
  /** The migrations of this version; undefined if it has no tables of this source. */
  readonly migrations: readonly Migration[] | undefined;
  readonly log: Logger;
}

/**
 * The migrations that have not run yet. Checks first that the migrations that ran match the files.
 *
 * Further migrations that a newer version has run are accepted with a warning, if all of them are compatible.
 * Errors: CONFLICT, which names the file, if a migration that ran was edited, is missing, or comes after a migration that did not run. CONFLICT, which names
 * the migrations, if newer ones ran with which this version cannot work.
 */
export async function pendingMigrations({ journal, context, source, migrations, log }: PendingDeps): Promise<readonly Migration[]> {
  const applied = await journal.applied(source);
  const known = migrations ?? [];
  for (const [index, migration] of known.entries()) {
    const row = applied[index];
    if (row === undefined) break;
    if (row.name !== migration.name) throw outOfOrder(context, known, migration, row);
    if (row.hash !== migration.hash)
      throw conflict(context, row.name, "was edited after it had run here. Restore its text, and write the change as a new migration.");
  }
  const newer = applied.slice(known.length);
  if (newer[0] !== undefined) {
    // An empty folder means that its files were not deployed. It does not mean that this version is older.
    if (migrations?.length === 0) throw conflict(context, newer[0].name, MISSING);
    letThrough(context, source, newer, log);
  }
  const isUnjudged = (index: number): boolean => applied[index]?.compatible === null;
  await journal.judge(
    source,
    known.filter((_, index) => isUnjudged(index)),
    log,
  );
  const pending = known.slice(applied.length);
  if (applied.length > 0) warnOfStops(context, pending, log);
  return pending;
}

const MISSING = "has run here, but its file is missing. Restore it from version control, or deploy the version that has it.";

function outOfOrder(context: string, known: readonly Migration[], expected: Migration, row: AppliedMigration): Error {
  if (!known.some(({ name }) => name === row.name)) return conflict(context, row.name, MISSING);
  return conflict(
    context,
    expected.name,
    `comes before ${row.name} in the journal of its folder, and ${row.name} has already run here. Generate it again, so that it comes last.`,
  );
}

function letThrough(context: string, source: MigrationSource, newer: readonly AppliedMigration[], log: Logger): void {
  const names = newer.map(({ name }) => name);
  const stopping = newer.filter(({ compatible }) => compatible !== true);
  if (stopping.length > 0) throw tooOld(context, source, stopping);
  log.warn({ context, source, migrations: names }, "A newer version has migrated this database. Its migrations are compatible: this version starts.");
}

function tooOld(context: string, source: MigrationSource, stopping: readonly AppliedMigration[]): Error {
  const say = ({ name, compatible }: AppliedMigration): string =>
    compatible === null ? `${name} (the version that ran it did not say whether it is compatible)` : name;
  const names = stopping.map(({ name }) => name);
  const list = names.map((name) => `'${name.replaceAll("'", "''")}'`).join(", ");
  return catalogueError(
    "CONFLICT",
    `A newer version has migrated the context ${context}, and this version is not compatible with: ${stopping.map(say).join(", ")}. ` +
      "Deploy a version that has these migrations. If you know that this version can work with them: " +
      `update ${journalTable(context)} set compatible = true where source = '${source}' and name in (${list});`,
    { details: { context, migration: names[0] ?? "", migrations: names } },
  );
}

/** Warns of migrations that are not compatible. It is logged before the first of them runs, because older versions may fail from then on. */
function warnOfStops(context: string, pending: readonly Migration[], log: Logger): void {
  for (const migration of pending) {
    const because = incompatibilitiesOf(migration);
    if (because.length === 0) continue;
    log.warn(
      { context, migration: migration.name, because },
      "This migration is not compatible with older versions. Processes of older versions may fail from now on. If they stop, they cannot start again.",
    );
  }
}

function conflict(context: string, migration: string, what: string): Error {
  return catalogueError("CONFLICT", `The migration ${migration} of the context ${context} ${what}`, { details: { context, migration } });
}
