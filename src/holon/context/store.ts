import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { PgDatabase } from "drizzle-orm/pg-core";
import type { PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import type { HolonError, Scope } from "../kernel/index.ts";

/** A context's Drizzle schema: the tables and relations of its own Postgres schema. */
export type Tables = Record<string, unknown>;

type Database<T extends Tables> = PgDatabase<PostgresJsQueryResultHKT, T, ExtractTablesWithRelations<T>>;

/** What `ctx.db` offers: Drizzle's reading half. Writing exists on a transaction only. */
export type ReadDatabase<T extends Tables> = Pick<Database<T>, "select" | "selectDistinct" | "selectDistinctOn" | "query" | "$count">;

/** What `tx.db` offers: the whole of Drizzle but opening another transaction. */
export type WriteDatabase<T extends Tables> = Omit<Database<T>, "transaction" | "_">;

/** An event that a transaction wrote, before it has a position. */
export interface EventRow {
  readonly name: string;
  readonly payload: unknown;
  /** Events with the same key reach each subscriber in commit order. */
  readonly key: string | undefined;
}

/** A job that a transaction wrote. */
export interface JobRow {
  readonly name: string;
  readonly data: unknown;
  readonly options: { readonly delayMs?: number; readonly priority?: number; readonly deduplicationKey?: string };
}

/** An open transaction, as a context's store hands it out. */
export interface StoreTransaction<T extends Tables> {
  readonly db: WriteDatabase<T>;
  appendEvent(event: EventRow): Promise<void>;
  appendJob(job: JobRow): Promise<void>;
}

/** What an idempotency key belongs to. */
export interface KeyScope {
  readonly principal: string;
  readonly procedure: string;
  readonly key: string;
  /** Hash of the parsed input: the same key with another input is refused. */
  readonly requestHash: string;
  /** Whether a duplicate waits for a claim that is in flight, inside its deadline, or is refused at once. */
  readonly wait: boolean;
}

/** A claimed key, or the answer that the key already has. */
export type KeyClaim<T extends Tables> =
  | { readonly kind: "answer"; readonly answer: unknown }
  | {
      readonly kind: "claimed";
      /** Counts from 1; higher where an earlier holder died. */
      readonly attempt: number;
      /** Writes the answer, in the transaction that writes the effect. Errors: KEY_IN_FLIGHT where the lease was lost. */
      complete(tx: StoreTransaction<T>, answer: unknown): Promise<void>;
      /** Gives the key back, after a failure. */
      release(): Promise<void>;
    };

/** The database of one context in one process. */
export interface ContextStore<T extends Tables = Tables> {
  reader(scope: Scope): ReadDatabase<T>;
  transaction<R>(scope: Scope, run: (tx: StoreTransaction<T>) => Promise<R>): Promise<R>;
  prepared<Q extends PreparableQuery>(scope: Scope, name: string, build: (db: ReadDatabase<T>) => Q): PreparedQueryOf<Q>;
  /** Runs an effect once per key: key, effect and answer are one transaction. */
  runOnce(scope: Scope, key: KeyScope, run: (tx: StoreTransaction<T>) => Promise<unknown>): Promise<unknown>;
  /** Claims a key for an effect outside this database. */
  claim(scope: Scope, key: KeyScope): Promise<KeyClaim<T>>;
}

/** Any Drizzle query that can be prepared. */
export interface PreparableQuery {
  prepare(name: string): { execute(values?: Record<string, unknown>): Promise<unknown> };
}

/** A prepared query, typed like the query it was made from. */
export interface PreparedQueryOf<Q extends PreparableQuery> {
  /** Errors: as any statement of the context. */
  execute(values?: Record<string, unknown>): ReturnType<ReturnType<Q["prepare"]>["execute"]>;
}

/** What handlers of a context without tables get in place of a store: an error that names the cure. */
export type MissingStore = (context: string) => HolonError;
