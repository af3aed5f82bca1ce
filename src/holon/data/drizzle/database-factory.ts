import {
  createTableRelationsHelpers,
  type ExtractTablesWithRelations,
  extractTablesRelationalConfig,
  type RelationalSchemaConfig,
} from "drizzle-orm";
import { PgDatabase, PgDialect } from "drizzle-orm/pg-core";
import { type Database, type ReadDatabase, ReadOnlyDatabase, type Tables, type WriteDatabase } from "./database.ts";
import { ScopedSession } from "./drizzle-session.ts";
import type { StatementRunner } from "./sql.ts";

/** Makes Drizzle databases, each for one scope. The relations of the tables are read once, in the constructor. */
export class DatabaseFactory<T extends Tables> {
  readonly #dialect = new PgDialect();
  readonly #schema: RelationalSchemaConfig<ExtractTablesWithRelations<T>>;

  constructor(tables: T) {
    const config = extractTablesRelationalConfig<ExtractTablesWithRelations<T>>(tables, createTableRelationsHelpers);
    this.#schema = { fullSchema: tables, schema: config.tables, tableNamesMap: config.tableNamesMap };
  }

  /** A database that can only read, by its type and also at run time. */
  reader(runner: StatementRunner): ReadDatabase<T> {
    return new ReadOnlyDatabase<T>(() => this.#database(runner)) as unknown as ReadDatabase<T>;
  }

  writer(runner: StatementRunner): WriteDatabase<T> {
    return this.#database(runner);
  }

  #database(runner: StatementRunner): Database<T> {
    return new PgDatabase(this.#dialect, new ScopedSession(runner, this.#dialect), this.#schema);
  }
}
