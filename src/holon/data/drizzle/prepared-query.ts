import { catalogueError } from "../../kernel/holon-error.ts";
import type { ReadDatabase, Tables } from "./database.ts";
import type { DatabaseFactory } from "./database-factory.ts";
import { ScopedQuery } from "./drizzle-session.ts";
import type { StatementRunner } from "./sql.ts";

/** Any Drizzle query that can be prepared. */
export interface PreparableQuery {
  prepare(name: string): { execute(values?: Record<string, unknown>): Promise<unknown> };
}

/** A prepared query, typed like the query from which it was made. */
export interface PreparedQueryOf<Q extends PreparableQuery> {
  /** Runs the query with the values of its placeholders. Errors: those of every statement of the context. */
  execute(values?: Record<string, unknown>): ReturnType<ReturnType<Q["prepare"]>["execute"]>;
}

/** A built query that can be run for any scope. */
interface BuiltQuery<Q extends PreparableQuery> {
  on(runner: StatementRunner): PreparedQueryOf<Q>;
}

/** Queries by name. Each is built once, because building costs more than running. */
export class PreparedQueries<T extends Tables> {
  readonly #database: ReadDatabase<T>;
  readonly #queries = new Map<string, BuiltQuery<PreparableQuery>>();

  constructor(databases: DatabaseFactory<T>) {
    this.#database = databases.reader(WHILE_BUILDING);
  }

  take<Q extends PreparableQuery>(name: string, build: (db: ReadDatabase<T>) => Q): BuiltQuery<Q> {
    let query = this.#queries.get(name);
    if (query === undefined) {
      const prepared = build(this.#database).prepare(name);
      if (!(prepared instanceof ScopedQuery))
        throw catalogueError("INTERNAL", `The prepared query ${name} was not built from the database handed to it.`);
      query = prepared as unknown as BuiltQuery<PreparableQuery>;
      this.#queries.set(name, query);
    }
    return query as unknown as BuiltQuery<Q>;
  }
}

/** The runner while a query is built. It refuses every statement, because a build function must not run one. */
const WHILE_BUILDING: StatementRunner = {
  run: () =>
    Promise.reject(
      catalogueError(
        "INTERNAL",
        "The build function of a prepared query must not run the query: return the query from the function, and call execute on the result of prepared().",
      ),
    ),
};
