import type { Query } from "drizzle-orm";
import { NoopCache } from "drizzle-orm/cache/core";
import { NoopLogger } from "drizzle-orm/logger";
import { type PgDialect, PgSession, type PreparedQueryConfig, type SelectedFieldsOrdered } from "drizzle-orm/pg-core";
import { PreparedQuery, type RemoteCallback } from "drizzle-orm/pg-proxy";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { StatementRunner } from "./sql.ts";

const QUIET = new NoopLogger();
const NO_CACHE = new NoopCache();

/** Hands each statement of Drizzle to a runner. Between Drizzle and Postgres, the runner adds the deadline, the pool and typed errors. */
function callbackOf(runner: StatementRunner, prepare: boolean): RemoteCallback {
  return async (text, params, method) => ({ rows: await runner.run({ text, params, prepare, rows: method === "all" ? "arrays" : "objects" }) });
}

/** A query that Drizzle has built and that can be run for any scope. */
export class ScopedQuery<Config extends PreparedQueryConfig> extends PreparedQuery<Config> {
  /**
   * Replaces an internal step of Drizzle between query and driver. Drizzle's own step wraps every error in another error whose message contains the SQL and its
   * parameters, passwords included.
   */
  queryWithCache<Rows>(_text: string, _params: unknown[], run: () => Promise<Rows>): Promise<Rows> {
    return run();
  }

  /** The same query for another scope, prepared. Building a query again would cost more than running it. */
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
    throw catalogueError(
      "INTERNAL",
      "Open a transaction by ctx.transaction, not by Drizzle: only ctx.transaction keeps the deadline and writes events.",
    );
  }
}
