import type { Query, TablesRelationalConfig } from "drizzle-orm";
import { NoopCache } from "drizzle-orm/cache/core";
import { NoopLogger } from "drizzle-orm/logger";
import type { PgPreparedQuery, PreparedQueryConfig, SelectedFieldsOrdered } from "drizzle-orm/pg-core";
import { PostgresJsPreparedQuery, PostgresJsSession } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";
import { catalogueError } from "../../kernel/holon-error.ts";
import { DrizzleClient } from "./drizzle-client.ts";
import type { StatementRunner } from "./statement-runner.ts";

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
export class ScopedSession<Full extends Record<string, unknown>, Schema extends TablesRelationalConfig> extends PostgresJsSession<Sql, Full, Schema> {
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
