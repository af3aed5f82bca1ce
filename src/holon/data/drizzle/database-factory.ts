import {
  createTableRelationsHelpers,
  type ExtractTablesWithRelations,
  extractTablesRelationalConfig,
  type Query,
  type RelationalSchemaConfig,
  type TablesRelationalConfig,
} from "drizzle-orm";
import { NoopCache } from "drizzle-orm/cache/core";
import { NoopLogger } from "drizzle-orm/logger";
import { PgDatabase, PgDialect, type PgPreparedQuery, type PreparedQueryConfig, type SelectedFieldsOrdered } from "drizzle-orm/pg-core";
import { PostgresJsPreparedQuery, PostgresJsSession } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";
import { catalogueError } from "../../kernel/holon-error.ts";
import { type Database, type ReadDatabase, ReadOnlyDatabase, type Tables, type WriteDatabase } from "./database.ts";
import { ScopedSession } from "./drizzle-session.ts";
import type { StatementRunner } from "./sql.ts";

/** Makes Drizzle databases for single scopes. The relations of the tables are read once, here. */
export class DatabaseFactory<T extends Tables> {
  readonly #dialect = new PgDialect();
  readonly #schema: RelationalSchemaConfig<ExtractTablesWithRelations<T>>;

  constructor(tables: T) {
    const config = extractTablesRelationalConfig<ExtractTablesWithRelations<T>>(tables, createTableRelationsHelpers);
    this.#schema = { fullSchema: tables, schema: config.tables, tableNamesMap: config.tableNamesMap };
  }

  /** A database that is read-only at run time too. */
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

const QUIET = new NoopLogger();
const NO_CACHE = new NoopCache();

/** A query that Drizzle has built and that can be run for any scope. */
export class ScopedQuery<Config extends PreparedQueryConfig> extends PostgresJsPreparedQuery<Config> {
  /**
   * Replaces an internal step of Drizzle between query and driver. Drizzle's step wraps every error in one whose message contains the SQL and its
   * parameters, passwords included.
   */
  queryWithCache<Rows>(_text: string, _params: unknown[], run: () => Promise<Rows>): Promise<Rows> {
    return run();
  }

  /** The same query for another scope. Building it again would cost more than running it. */
  on(runner: StatementRunner): this {
    return Object.create(this, { client: { value: new DrizzleClient(runner) } }) as this;
  }
}

/** Drizzle's session over a {@link StatementRunner}. */
class ScopedSession<Full extends Record<string, unknown>, Schema extends TablesRelationalConfig> extends PostgresJsSession<Sql, Full, Schema> {
  override prepareQuery<Config extends PreparedQueryConfig = PreparedQueryConfig>(
    query: Query,
    fields: SelectedFieldsOrdered | undefined,
    name: string | undefined,
    isResponseInArrayMode: boolean,
    customResultMapper?: (rows: unknown[][]) => Config["execute"],
  ): PgPreparedQuery<Config> {
    return new ScopedQuery<Config>(
      this.client,
      query.sql,
      query.params,
      QUIET,
      NO_CACHE,
      undefined,
      undefined,
      fields,
      isResponseInArrayMode,
      name !== undefined,
      customResultMapper,
    );
  }

  override transaction(): never {
    throw catalogueError("INTERNAL", "A transaction is opened by ctx.transaction, not by Drizzle: it carries the deadline and the events.");
  }
}

/**
 * The part of a postgres.js client that Drizzle uses. It hands every statement to a runner.
 *
 * Here deadline, pool and typed errors are added between Drizzle and Postgres.
 */
class DrizzleClient {
  readonly #runner: StatementRunner;

  constructor(runner: StatementRunner) {
    this.#runner = runner;
  }

  unsafe(text: string, params: readonly unknown[] = [], options: { readonly prepare?: boolean } = {}): DrizzleStatement {
    return new DrizzleStatement(this.#runner, text, params, options.prepare ?? false);
  }
}

/** A statement that runs when it is awaited, like one of postgres.js. */
class DrizzleStatement implements PromiseLike<unknown[]> {
  readonly #runner: StatementRunner;
  readonly #text: string;
  readonly #params: readonly unknown[];
  readonly #prepare: boolean;

  constructor(runner: StatementRunner, text: string, params: readonly unknown[], prepare: boolean) {
    this.#runner = runner;
    this.#text = text;
    this.#params = params;
    this.#prepare = prepare;
  }

  values(): Promise<unknown[]> {
    return this.#run("arrays");
  }

  // biome-ignore lint/suspicious/noThenProperty: Drizzle awaits it, as it awaits a query of postgres.js.
  then<A, B>(
    fulfilled?: ((rows: unknown[]) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#run("objects").then(fulfilled, rejected);
  }

  #run(rows: "arrays" | "objects"): Promise<unknown[]> {
    return this.#runner.run({ text: this.#text, params: this.#params, prepare: this.#prepare, rows });
  }
}
