import type { Logger } from "../../kernel/log.ts";
import { quoteIdentifier } from "../identifier.ts";
import { sqlState } from "../database-error.ts";
import { incompatibilitiesOf } from "./statement-judge.ts";
import type { Migration } from "./migration.ts";
import type { OwnerRows } from "./owner-connection.ts";

/** Where migrations come from: the toolkit, for its own tables, or the context. */
export type MigrationSource = "holon" | "context";

/** A row of the journal: a migration that ran. */
export interface AppliedMigration {
  readonly name: string;
  readonly hash: string;
  /** Whether versions without its file work with what it left; null if the version that ran it did not judge. */
  readonly compatible: boolean | null;
}

const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * The table `holon_migrations` of a schema: the migrations that ran there.
 *
 * Versions before the column `compatible` read and write the other columns. Their rows have null until a version that has the file judges it.
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

  /** Records that a migration ran; in its transaction, if it has one. */
  async record(source: MigrationSource, migration: Migration, ordinal: number): Promise<void> {
    const row = [source, migration.name, ordinal, migration.hash];
    if (!this.#judges) return void (await this.#sql.rows(`insert into ${this.#table} (source, name, ordinal, hash) values ($1, $2, $3, $4)`, row));
    const statement = `insert into ${this.#table} (source, name, ordinal, hash, compatible) values ($1, $2, $3, $4, $5)`;
    await this.#sql.rows(statement, [...row, isCompatible(migration)]);
  }

  /** Judges the migrations that a version before the column ran. */
  async judge(source: MigrationSource, migrations: readonly Migration[], log: Logger): Promise<void> {
    if (!this.#judges) return;
    const statement = `update ${this.#table} set compatible = $1 where source = $2 and name = $3 and compatible is null`;
    await ifAllowed(this.#context, log, async () => {
      for (const migration of migrations) await this.#sql.rows(statement, [isCompatible(migration), source, migration.name]);
    });
  }
}

/** The quoted name of a context's journal. */
export function journalTable(context: string): string {
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

/** A login that may not change the journal can still start. What it cannot write counts as unknown. */
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
