import type { ExtractTablesWithRelations, WithSubquery } from "drizzle-orm";
import type { PgDatabase } from "drizzle-orm/pg-core";
import type { PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";

/** A context's Drizzle schema: the tables and relations of its own Postgres schema. */
export type Tables = Record<string, unknown>;

/** Drizzle's database over the tables of one context. */
export type Database<T extends Tables> = PgDatabase<PostgresJsQueryResultHKT, T, ExtractTablesWithRelations<T>>;

/** What a transaction offers: all of Drizzle except opening another transaction. */
export type WriteDatabase<T extends Tables> = Omit<Database<T>, "transaction" | "_">;

type Reading = "select" | "selectDistinct" | "selectDistinctOn";

/** The reading part of Drizzle. Only a transaction can write. */
export type ReadDatabase<T extends Tables> = Pick<Database<T>, Reading | "query" | "$count" | "$with"> & {
  /** Adds common table expressions to a select. */
  with(...queries: WithSubquery[]): Pick<ReturnType<Database<T>["with"]>, Reading>;
};

/**
 * The object behind {@link ReadDatabase}. It has no other methods, so a cast cannot write either.
 *
 * Drizzle's own database is made at the first use, because many calls never read.
 */
export class ReadOnlyDatabase<T extends Tables> {
  readonly #make: () => Database<T>;
  #made: Database<T> | undefined = undefined;

  constructor(make: () => Database<T>) {
    this.#make = make;
  }

  get select(): Database<T>["select"] {
    return bound(this.#database, "select");
  }

  get selectDistinct(): Database<T>["selectDistinct"] {
    return bound(this.#database, "selectDistinct");
  }

  get selectDistinctOn(): Database<T>["selectDistinctOn"] {
    return bound(this.#database, "selectDistinctOn");
  }

  get query(): Database<T>["query"] {
    return this.#database.query;
  }

  get $count(): Database<T>["$count"] {
    return bound(this.#database, "$count");
  }

  get $with(): Database<T>["$with"] {
    return this.#database.$with;
  }

  with(...queries: WithSubquery[]): Pick<ReturnType<Database<T>["with"]>, Reading> {
    const { select, selectDistinct, selectDistinctOn } = this.#database.with(...queries);
    return { select, selectDistinct, selectDistinctOn };
  }

  get #database(): Database<T> {
    this.#made ??= this.#make();
    return this.#made;
  }
}

function bound<Owner extends object, Name extends keyof Owner>(owner: Owner, name: Name): Owner[Name] {
  const method = owner[name] as unknown as (this: Owner, ...args: never[]) => unknown;
  return method.bind(owner) as unknown as Owner[Name];
}
