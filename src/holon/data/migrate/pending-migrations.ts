import { catalogueError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { incompatibilitiesOf } from "./statement-judge.ts";
import type { Migration } from "./migration.ts";
import { type AppliedMigration, journalTable, type MigrationJournal, type MigrationSource } from "./migration-journal.ts";

interface PendingOptions {
  readonly journal: MigrationJournal;
  readonly context: string;
  readonly source: MigrationSource;
  /** The migrations of this version; undefined if it has no tables of this source. */
  readonly migrations: readonly Migration[] | undefined;
  readonly log: Logger;
}

/**
 * The migrations that are still to run. Checks first that the ones that ran match the files.
 *
 * Newer migrations, after all that this version has, are accepted with a warning if all of them are compatible.
 * Errors: CONFLICT naming the file if one that ran was edited, is missing, or is after one that did not run, and naming the newer ones that this
 * version cannot work with.
 */
export async function pendingMigrations({ journal, context, source, migrations, log }: PendingOptions): Promise<readonly Migration[]> {
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
    // A folder without files was not deployed. It does not mean an older version.
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
  return conflict(context, expected.name, `stands before ${row.name}, which has already run here. Generate it again, so that it comes last.`);
}

function letThrough(context: string, source: MigrationSource, newer: readonly AppliedMigration[], log: Logger): void {
  const names = newer.map(({ name }) => name);
  const stopping = newer.filter(({ compatible }) => compatible !== true);
  if (stopping.length > 0) throw tooOld(context, source, stopping);
  log.warn({ context, source, migrations: names }, "A newer version has migrated this database. Its migrations are compatible: this version starts.");
}

function tooOld(context: string, source: MigrationSource, stopping: readonly AppliedMigration[]): Error {
  const say = ({ name, compatible }: AppliedMigration): string => (compatible === null ? `${name} (not judged by the version that ran it)` : name);
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

/** Logged before the first of them runs, because from then on older versions fail. */
function warnOfStops(context: string, pending: readonly Migration[], log: Logger): void {
  for (const migration of pending) {
    const because = incompatibilitiesOf(migration);
    if (because.length === 0) continue;
    log.warn(
      { context, migration: migration.name, because },
      "This migration is not compatible with older versions. Their processes may fail from now on, and do not start again.",
    );
  }
}

function conflict(context: string, migration: string, what: string): Error {
  return catalogueError("CONFLICT", `The migration ${migration} of the context ${context} ${what}`, { details: { context, migration } });
}
