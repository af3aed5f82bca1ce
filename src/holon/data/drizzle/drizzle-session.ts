import type { Query } from "drizzle-orm";
import { NoopCache } from "drizzle-orm/cache/core";
import { NoopLogger } from "drizzle-orm/logger";
import { type PgDialect, PgSession, type PreparedQueryConfig, type SelectedFieldsOrdered } from "drizzle-orm/pg-core";
import { PreparedQuery, type RemoteCallback } from "drizzle-orm/pg-proxy";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { StatementRunner } from "./sql.ts";

const QUIET = new NoopLogger();
const NO_CACHE = new NoopCache();

/** Hands each statement of Drizzle to a runner, which adds deadline, pool and typed errors between Drizzle and Postgres. */
function callbackOf(runner: StatementRunner, prepare: boolean): RemoteCallback {
  return async (text, params, method) => ({ rows: await runner.run({ text, params, prepare, rows: method === "all" ? "arrays" : "objects" }) });
}

/** A query that Drizzle has built and that can be run for any scope. */
export class ScopedQuery<Config extends PreparedQueryConfig> extends PreparedQuery<Config> {
  /**
   * Replaces an internal step of Drizzle between query and driver. Drizzle's step wraps every error in one whose message contains the SQL and its
   * parameters, passwords included.
   */
  queryWithCache<Rows>(_text: string, _params: unknown[], run: () => Promise<Rows>): Promise<Rows> {
    return run();
  }

  /** The same query for another scope, prepared. Building it again would cost more than running it. */
  on(runner: StatementRunner): this {
    return Object.create(this, { client: { value: callbackOf(runner, true) } }) as this;
  }
}

/** Drizzle's session over a {@link StatementRunner}. */
export class ScopedSession extends PgSession {
  readonly #runner: StatementRunner;

  constructor(runner: StatementRunner, dialect: PgDialect) {
    super(dialect);
    this.#runner = runner;
  }

  override prepareQuery<Config extends PreparedQueryConfig = PreparedQueryConfig>(
    { sql, params }: Query,
    fields: SelectedFieldsOrdered | undefined,
    name: string | undefined,
    isArray: boolean,
    toResult?: (rows: unknown[][]) => Config["execute"],
  ): PreparedQuery<Config> {
    const callback = callbackOf(this.#runner, name !== undefined);
    return new ScopedQuery<Config>(callback, sql, params, undefined, QUIET, NO_CACHE, undefined, undefined, fields, isArray, toResult);
  }

  override transaction(): never {
    throw catalogueError("INTERNAL", "A transaction is opened by ctx.transaction, not by Drizzle: it carries the deadline and the events.");
  }
}
