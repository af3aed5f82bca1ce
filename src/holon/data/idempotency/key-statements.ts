import { createHash } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import type { KeyScope } from "./key-claim.ts";

/** A key as it stands in the table. */
export interface KeyRow {
  readonly request_hash: string;
  readonly state: "claimed" | "done";
  readonly answer: unknown;
  /** An answer that is `undefined` is no JSON. */
  readonly absent: boolean;
}

/** The statements on `holon_keys` of one schema. Time is the database's, in every process. */
export class KeyStatements {
  readonly #schema: string;
  readonly #table: SQL;

  constructor(schema: string) {
    this.#schema = schema;
    this.#table = sql`${sql.identifier(schema)}.${sql.identifier("holon_keys")}`;
  }

  /**
   * Writes the key for the transaction that also writes effect and answer; one that does so at this moment is waited for, as the key wishes.
   *
   * Its unique row alone makes the effect happen once, but can only be waited for; so an advisory lock, which can also be tried, comes before it.
   * It is given free after the commit is visible: who gets the lock sees the row, and who does not and then finds no row is in flight.
   * Shape: one row where the key is ours, none where it was used or (without `wait`) is in use. Ours also means that locks are waited for as
   * shortly as usual again.
   */
  enter(key: KeyScope, ttlMs: number, lockTimeoutMs: number): SQL {
    return sql`with entered as (
      insert into ${this.#table} as k (principal, procedure, key, request_hash, state, expires_at)
      select ${key.principal}, ${key.procedure}, ${key.key}, ${key.requestHash}, 'done', ${later(ttlMs)} where ${this.#lock(key)}
      on conflict (principal, procedure, key) do update
        set request_hash = excluded.request_hash, state = 'done', lease_until = null, answer = null, attempt = k.attempt + 1, created_at = now(), expires_at = excluded.expires_at
        where k.expires_at < now()
      returning attempt
    ) select attempt, set_config('lock_timeout', ${String(lockTimeoutMs)}::text, true) from entered`;
  }

  /** Claims the key, or takes it over where its lease is over. Shape: one row where it is ours. */
  claim(key: KeyScope, ttlMs: number, leaseMs: number): SQL {
    return sql`insert into ${this.#table} as k (principal, procedure, key, request_hash, state, lease_until, expires_at)
      values (${key.principal}, ${key.procedure}, ${key.key}, ${key.requestHash}, 'claimed', ${later(leaseMs)}, ${later(ttlMs)})
      on conflict (principal, procedure, key) do update
        set request_hash = excluded.request_hash, state = 'claimed', lease_until = excluded.lease_until, answer = null, attempt = k.attempt + 1, expires_at = excluded.expires_at
        where k.expires_at < now() or (k.state = 'claimed' and k.lease_until <= now() and k.request_hash = excluded.request_hash)
      returning attempt`;
  }

  read(key: KeyScope): SQL {
    return sql`select request_hash, state, answer, answer is null as absent from ${this.#table} where ${this.#is(key)}`;
  }

  /** The answer of a key that `enter` wrote. */
  answer(key: KeyScope, answer: unknown): SQL {
    return sql`update ${this.#table} set answer = ${toJson(answer)}::json where ${this.#is(key)}`;
  }

  /** The answer of a claimed key. Shape: one row, or none where it was taken over. */
  complete(key: KeyScope, attempt: number, answer: unknown): SQL {
    return sql`update ${this.#table} set state = 'done', lease_until = null, answer = ${toJson(answer)}::json where ${this.#is(key)} and ${held(attempt)} returning attempt`;
  }

  /** Ends the lease and keeps the row: the next attempt must have a higher number than this one. */
  release(key: KeyScope, attempt: number): SQL {
    return sql`update ${this.#table} set lease_until = now() where ${this.#is(key)} and ${held(attempt)}`;
  }

  /** True once the lock of the key is ours until the transaction ends; false, without `wait`, where it is another's. */
  #lock(key: KeyScope): SQL {
    const id = sql`${lockId(this.#schema, key)}::bigint`;
    return key.wait ? sql`pg_advisory_xact_lock(${id}) is not null` : sql`pg_try_advisory_xact_lock(${id})`;
  }

  #is(key: KeyScope): SQL {
    return sql`principal = ${key.principal} and procedure = ${key.procedure} and key = ${key.key}`;
  }
}

/** A number for the key; advisory locks belong to the whole database, so the schema is part of it. */
function lockId(schema: string, { principal, procedure, key }: KeyScope): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([schema, principal, procedure, key]))
    .digest();
  return String(digest.readBigInt64BE());
}

function held(attempt: number): SQL {
  return sql`state = 'claimed' and attempt = ${attempt}`;
}

function later(ms: number): SQL {
  return sql`now() + ${ms}::double precision * interval '1 millisecond'`;
}

function toJson(answer: unknown): string | null {
  return JSON.stringify(answer) ?? null;
}
