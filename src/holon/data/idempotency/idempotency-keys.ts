import type { SQL } from "drizzle-orm";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { Scope } from "../../kernel/scope.ts";
import { inSystemScope } from "../../kernel/scope-deadline.ts";
import { databaseAway, sqlState } from "../database-error.ts";
import type { Tables, WriteDatabase } from "../drizzle/database.ts";
import { sleepIn } from "../jitter.ts";
import type { DataTransaction, TransactionOptions } from "../transaction/run-transaction.ts";
import type { AnsweredKey, ClaimedKey, KeyClaim, KeyScope } from "./key-claim.ts";
import { KeyStatements, type RunKey, runKeyOf } from "./key-statements.ts";

/** The parts of a context's data that keys use. */
interface IdempotencyKeysDeps<T extends Tables> {
  readonly context: string;
  readonly limits: Limits;
  readonly clock: Clock;
  /** A database whose statements run outside of any transaction. */
  writer(scope: Scope): WriteDatabase<T>;
  transaction<R>(scope: Scope, run: (tx: DataTransaction<T>) => Promise<R>, options: TransactionOptions): Promise<R>;
}

/** The longest time that the release of a key may take. If the release fails, the key is free when its lease ends. */
const RELEASE_MS = 5_000;

/** How long keys of runs are kept: a run may sleep for weeks before it repeats a call. */
export const RUN_KEY_TTL_MS = 30 * 24 * 3_600_000;

/**
 * Idempotency keys of one context.
 *
 * I1. An effect happens once for a key. Key, effect and answer are one commit: there is no effect without its key, and no answer without its effect.
 * I2. A key that was used has one answer. Every call with this key gets that answer; a call with another input gets KEY_REUSED.
 * I3. A claim holds until the deadline of its call and is not renewed. After the deadline another call may take the key, with a higher attempt number. Then the
 *     transaction of the first holder is refused.
 * I4. A duplicate that waits needs no connection while the first call runs in this process: duplicates must not take all connections from other calls.
 * I5. A call of a workflow's step and the call that undoes it run one after the other, never together. After the undo, the call is refused (KEY_UNDONE).
 */
export class IdempotencyKeys<T extends Tables> {
  readonly #deps: IdempotencyKeysDeps<T>;
  readonly #statements: KeyStatements;
  readonly #inFlight = new InFlightKeys();

  constructor(deps: IdempotencyKeysDeps<T>) {
    this.#deps = deps;
    this.#statements = new KeyStatements(deps.context);
  }

  /** Runs an effect once: key, effect and answer are one transaction. See {@link ContextData.runOnce}. */
  runOnce(scope: Scope, key: KeyScope, run: (tx: DataTransaction<T>) => Promise<unknown>): Promise<unknown> {
    // I4. A duplicate waits here, without a connection.
    return this.#inFlight.alone(scope, key, (hold) => {
      const options = key.wait ? { lockTimeoutMs: this.#leftMs(scope) } : {};
      return this.#deps.transaction(scope, (tx) => this.#runIn(tx, key, hold, run), options);
    });
  }

  /** Claims a key for an effect outside this database. See {@link ContextData.claim}. */
  async claim(scope: Scope, key: KeyScope): Promise<KeyClaim<T>> {
    for (let attempt = 1; ; attempt++) {
      const claimed = await this.#tryClaim(scope, key);
      if (claimed !== undefined) return claimed;
      if (!key.wait) throw inFlight(key);
      await sleepIn(scope, 10, Math.min(250, 25 * attempt));
      if (this.#leftMs(scope) <= 1) throw inFlight(key);
    }
  }

  async #runIn(tx: DataTransaction<T>, key: KeyScope, hold: () => void, run: (tx: DataTransaction<T>) => Promise<unknown>): Promise<unknown> {
    const entered = await this.#enter(tx, key);
    if (entered.length === 0) {
      const used = answerOf(await tx.db.execute(this.#statements.read(key)), key);
      if (used === undefined) throw inFlight(key);
      return used.answer;
    }
    hold();
    // I1. The key is written in this transaction already.
    const answer = await run(tx);
    await tx.db.execute(this.#statements.answer(key, answer));
    return answer;
  }

  async #enter(tx: DataTransaction<T>, key: KeyScope): Promise<readonly unknown[]> {
    const runKey = runKeyOf(key);
    try {
      if (runKey !== undefined) await this.#meet(tx, key, runKey);
      return await tx.db.execute(this.#statements.enter(key, this.#ttlMs(runKey), this.#deps.limits.lockTimeoutMs));
    } catch (error) {
      throw isTimeout(error) ? inFlight(key) : error;
    }
  }

  async #tryClaim(scope: Scope, key: KeyScope): Promise<KeyClaim<T> | undefined> {
    const leaseMs = this.#leftMs(scope);
    const runKey = runKeyOf(key);
    const claim = this.#statements.claim(key, this.#ttlMs(runKey), leaseMs);
    const rows = await (runKey === undefined ? this.#rows(scope, claim) : this.#claimOfRun(scope, key, runKey, claim));
    const [claimed] = rows as readonly { attempt: number }[];
    if (claimed !== undefined) return this.#claimed(key, claimed.attempt);
    return answerOf(await this.#rows(scope, this.#statements.read(key)), key);
  }

  /** I5. The claim of a run's call and the claim of its undo are made one after the other. */
  async #claimOfRun(scope: Scope, key: KeyScope, runKey: RunKey, claim: SQL): Promise<readonly unknown[]> {
    try {
      return await this.#deps.transaction(
        scope,
        async (tx) => {
          await this.#meet(tx, key, runKey);
          return tx.db.execute(claim);
        },
        { lockTimeoutMs: this.#leftMs(scope) },
      );
    } catch (error) {
      throw isTimeout(error) ? inFlight(key) : error;
    }
  }

  /**
   * Refuses a call that was undone, and an undo that came too early. Errors: KEY_UNDONE for a call that was undone; KEY_IN_FLIGHT for an undo while an outside
   * effect of its call is in progress.
   */
  async #meet(tx: DataTransaction<T>, key: KeyScope, runKey: RunKey): Promise<void> {
    const [, opponents] = await Promise.all([
      tx.db.execute(this.#statements.lockRun(key, runKey)),
      tx.db.execute(this.#statements.opponent(key, runKey)),
    ]);
    if (opponents.length > 0) throw runKey.isUndo ? inFlight(key) : undone(key);
  }

  #ttlMs(runKey: RunKey | undefined): number {
    return runKey === undefined ? this.#deps.limits.keyTtlMs : RUN_KEY_TTL_MS;
  }

  #claimed(key: KeyScope, attempt: number): ClaimedKey<T> {
    return {
      kind: "claimed",
      attempt,
      complete: async (tx, answer) => {
        const runKey = runKeyOf(key);
        if (runKey !== undefined) await this.#meet(tx, key, runKey);
        // I3. If no row was updated, another call has the key.
        const completed = await tx.db.execute(this.#statements.complete(key, attempt, answer));
        if (completed.length === 0) throw inFlight(key);
      },
      release: async () => {
        await this.#housekeeping("release key", RELEASE_MS, this.#statements.release(key, attempt)).catch(() => {});
      },
    };
  }

  async #rows(scope: Scope, statement: SQL): Promise<readonly unknown[]> {
    return this.#deps.writer(scope).execute(statement);
  }

  #leftMs(scope: Scope): number {
    return Math.max(1, Math.ceil(scope.deadlineAtMs - this.#deps.clock.monotonicMs()));
  }

  /** Runs a statement in a scope of its own, with a deadline of its own: the call's scope may be over, and its key must still be released. */
  #housekeeping(task: string, deadlineMs: number, statement: SQL): Promise<readonly unknown[]> {
    const { context, clock } = this.#deps;
    const late = () => databaseAway(`The database of ${context} did not answer within ${deadlineMs} ms: ${task}.`);
    return inSystemScope({ context, task, deadlineMs, late }, clock, (scope) => this.#rows(scope, statement));
  }
}

/** A row of the table of keys. */
interface KeyRow {
  readonly request_hash: string;
  readonly state: "claimed" | "done";
  readonly answer: unknown;
  /** True if the answer is `undefined`, which is not JSON. */
  readonly absent: boolean;
}

function answerOf(rows: readonly unknown[], key: KeyScope): AnsweredKey | undefined {
  const row = rows[0] as KeyRow | undefined;
  if (row === undefined) return undefined;
  if (row.request_hash !== key.requestHash)
    throw catalogueError("KEY_REUSED", `The idempotency key was used before for ${key.procedure} with another input.`);
  return row.state === "done" ? { kind: "answer", answer: row.absent ? undefined : row.answer } : undefined;
}

/** Whether the wait for the key reached the longest time that a statement may wait. */
function isTimeout(error: unknown): boolean {
  const state = sqlState(error);
  return state === "55P03" || state === "57014";
}

/**
 * Keys that calls of this process are using now.
 *
 * Duplicates with `wait` wait here, without a connection. If they waited in the database, a few of them would take the whole pool from other calls. A duplicate
 * without `wait` is refused if the effect runs in this process. Otherwise it reads the key in the database, which may have the answer already.
 */
class InFlightKeys {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #held = new Set<string>();

  /**
   * Runs work. Calls of this process with the same key and `wait` run one at a time. The work calls `hold` when it has the key.
   *
   * Errors: KEY_IN_FLIGHT, without `wait`, if other work holds the key; the scope's reason if it is cancelled while waiting.
   */
  async alone<Result>(scope: Scope, key: KeyScope, work: (hold: () => void) => Promise<Result>): Promise<Result> {
    const id = JSON.stringify([key.principal, key.procedure, key.key]);
    if (!key.wait && this.#held.has(id)) throw inFlight(key);
    let other = this.#running.get(id);
    for (; key.wait && other !== undefined; other = this.#running.get(id)) await settled(other, scope);
    let holds = false;
    const running = work(() => {
      holds = true;
      this.#held.add(id);
    });
    if (other === undefined) this.#running.set(id, running);
    try {
      return await running;
    } finally {
      if (holds) this.#held.delete(id);
      if (other === undefined) this.#running.delete(id);
    }
  }
}

/** The error of a duplicate that does not get the answer in time. */
function inFlight(key: KeyScope): Error {
  return catalogueError("KEY_IN_FLIGHT", `A call of ${key.procedure} with the same idempotency key is still running.`);
}

/** The error of a call of a workflow run that the run has already undone. */
function undone({ procedure }: KeyScope): HolonError {
  return catalogueError("KEY_UNDONE", `The workflow run that called ${procedure} has undone this call, so the call comes too late.`);
}

function settled(other: Promise<unknown>, scope: Scope): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = scope.onCancel(reject);
    const done = () => {
      forget();
      resolve();
    };
    other.then(done, done);
  });
}
