import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { PgDatabase } from "drizzle-orm/pg-core";
import type { PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";

/** A context's Drizzle schema: the tables and relations of its own Postgres schema. */
export type Tables = Record<string, unknown>;

/** Drizzle's database over the tables of one context. */
export type Database<T extends Tables> = PgDatabase<PostgresJsQueryResultHKT, T, ExtractTablesWithRelations<T>>;

/** What a transaction offers: all of Drizzle except opening another transaction. */
export type WriteDatabase<T extends Tables> = Omit<Database<T>, "transaction" | "_">;
