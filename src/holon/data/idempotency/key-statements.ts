import { createHash } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import type { KeyScope } from "./key-claim.ts";

/** The key of an undo ends with this text. The part before it is the key of the call that is undone. */
const UNDO_SUFFIX = "~undo";

/** A key that the step of a workflow sent, for a call or for its undo. */
export interface RunKey {
  /** The key of the call. */
  readonly base: string;
  readonly isUndo: boolean;
}

/** Reads the key of a step; undefined for all other keys, which are never undone. */
export function runKeyOf({ principal, key }: Pick<KeyScope, "principal" | "key">): RunKey | undefined {
  if (!principal.startsWith("system:") || !principal.includes("/workflow ")) return undefined;
  const isUndo = key.endsWith(UNDO_SUFFIX);
  return { base: isUndo ? key.slice(0, -UNDO_SUFFIX.length) : key, isUndo };
}

/**
 * The statements on `holon_keys` of one schema. All processes use the clock of the database.
 *
 * A call of a run and its undo exclude each other by `lockRun` and `opponent`, whatever their procedures are:
 *
 *     call before undo       the undo waits for the call, and sees its effect
 *     undo before call       the call is refused: a late call must not have an effect any more
 */
export class KeyStatements {
  readonly #schema: string;
  readonly #table: SQL;

  constructor(schema: string) {
    this.#schema = schema;
    this.#table = sql`${sql.identifier(schema)}.${sql.identifier("holon_keys")}`;
  }

  /**
   * Writes the key for the transaction that also writes effect and answer. If another transaction is writing the same key, `wait` decides whether this
   * transaction waits for it.
   *
   * The unique row alone makes the effect happen once, but a second transaction that inserts the same row can only wait for the first one. So an advisory lock,
   * which can also be tried without waiting, is taken first. The lock is released after the commit is visible. So a transaction that gets the lock sees the
   * row. If a transaction does not get the lock and finds no row, the key is in flight.
   * Shape: one row if the key is ours, no row if it was used or (without `wait`) is in use. If the key is ours, the usual lock timeout is set again.
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

  /** Claims the key, or takes it over if its lease is over. Shape: one row if the key is ours. */
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

  /** Writes the answer of a key that `enter` wrote. */
  answer(key: KeyScope, answer: unknown): SQL {
    return sql`update ${this.#table} set answer = ${toJson(answer)}::json where ${this.#is(key)}`;
  }

  /** Writes the answer of a claimed key. Shape: one row, or no row if the key was taken over. */
  complete(key: KeyScope, attempt: number, answer: unknown): SQL {
    return sql`update ${this.#table} set state = 'done', lease_until = null, answer = ${toJson(answer)}::json where ${this.#is(key)} and ${held(attempt)} returning attempt`;
  }

  /** Ends the lease and keeps the row, because the next attempt must have a higher number than `attempt`. */
  release(key: KeyScope, attempt: number): SQL {
    return sql`update ${this.#table} set lease_until = now() where ${this.#is(key)} and ${held(attempt)}`;
  }

  /**
   * Lets one transaction at a time work on a call and its undo. It is a separate statement, so that the next statement sees what the other transaction has
   * committed.
   */
  lockRun({ principal }: KeyScope, { base }: RunKey): SQL {
    return sql`select pg_advisory_xact_lock(${lockId(this.#schema, "run", principal, base)}::bigint)::text`;
  }

  /**
   * Finds a reason to refuse a call or its undo. Shape: a row if the call was undone, or if the call to be undone has an effect in progress outside of this
   * database.
   */
  opponent({ principal }: KeyScope, { base, isUndo }: RunKey): SQL {
    const other = isUndo ? sql`key = ${base} and state = 'claimed' and lease_until > now()` : sql`key = ${base + UNDO_SUFFIX}`;
    // The pattern is a literal, so that Postgres uses the index that contains only keys of workflow runs.
    return sql`select 1 from ${this.#table} where principal = ${principal} and principal like 'system:%/workflow %' and ${other} limit 1`;
  }

  /** True if the lock of the key is ours until the transaction ends; false, without `wait`, if another transaction has it. */
  #lock(key: KeyScope): SQL {
    const id = sql`${lockId(this.#schema, key.principal, key.procedure, key.key)}::bigint`;
    return key.wait ? sql`pg_advisory_xact_lock(${id}) is not null` : sql`pg_try_advisory_xact_lock(${id})`;
  }

  #is(key: KeyScope): SQL {
    return sql`principal = ${key.principal} and procedure = ${key.procedure} and key = ${key.key}`;
  }
}

/** The number of a lock, made from names. Advisory locks belong to the whole database, so the first name is the schema. */
function lockId(...names: readonly string[]): string {
  return String(createHash("sha256").update(JSON.stringify(names)).digest().readBigInt64BE());
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
