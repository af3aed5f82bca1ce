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
  readonly #table: SQL;

  constructor(schema: string) {
    this.#table = sql`${sql.identifier(schema)}.${sql.identifier("holon_keys")}`;
  }

  /**
   * Writes the key for the transaction that also writes effect and answer; waits for one that does so at this moment.
   *
   * Shape: one row where the key is ours, none where it was used. Ours also means that locks are waited for as shortly as usual again.
   */
  enter(key: KeyScope, ttlMs: number, lockTimeoutMs: number): SQL {
    return sql`with entered as (
      insert into ${this.#table} as k (principal, procedure, key, request_hash, state, expires_at)
      values (${key.principal}, ${key.procedure}, ${key.key}, ${key.requestHash}, 'done', ${later(ttlMs)})
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

  /** Removes keys that are too old to be asked for again. Shape: a row for each. */
  sweep(limit: number): SQL {
    return sql`delete from ${this.#table} where ctid in (select ctid from ${this.#table} where expires_at < now() limit ${limit}) returning 1`;
  }

  #is(key: KeyScope): SQL {
    return sql`principal = ${key.principal} and procedure = ${key.procedure} and key = ${key.key}`;
  }
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
