import type { Clock } from "../kernel/clock.ts";
import { catalogueError } from "../kernel/holon-error.ts";
import type { Limits } from "../kernel/limits.ts";
import type { Logger } from "../kernel/log.ts";
import type { Scope } from "../kernel/scope.ts";
import { inSystemScope } from "../kernel/scope-deadline.ts";
import { databaseAway } from "./database-error.ts";
import type { ReadDatabase, Tables } from "./drizzle/database.ts";
import { DatabaseFactory } from "./drizzle/database-factory.ts";
import { PoolRunner } from "./drizzle/pool-runner.ts";
import { type PreparableQuery, PreparedQueries, type PreparedQueryOf } from "./drizzle/prepared-query.ts";
import type { StatementRequest } from "./drizzle/sql.ts";
import { IdempotencyKeys } from "./idempotency/idempotency-keys.ts";
import type { KeyClaim, KeyScope } from "./idempotency/key-claim.ts";
import { AppendChannel } from "./notify/append-channel.ts";
import type { NotifyHub, NotifyStanding } from "./notify/notify-hub.ts";
import { ConnectionPool, type PoolStats } from "./pool/connection-pool.ts";
import { StatementTexts } from "./pool/statement-texts.ts";
import { OutboxStatements } from "./transaction/outbox-statements.ts";
import { RunStatements } from "./transaction/run-statements.ts";
import { type DataTransaction, runTransaction, type TransactionDeps, type TransactionOptions } from "./transaction/run-transaction.ts";

interface ContextDataDeps<T extends Tables> {
  /** Name of the context, which is also the name of its schema. */
  readonly context: string;
  readonly url: string;
  /** The role that connections take, as {@link MigrateResult.role} names it. If it is undefined, the connections work as the login. */
  readonly role?: string | undefined;
  readonly tables: T;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after a commit that wrote events or jobs, so that their publisher need not wait for its next poll. */
  readonly onAppended?: (() => void) | undefined;
  /**
   * Lets processes wake each other. The code that made the hub closes it after it has closed this object. Without a hub, a process is woken by its own commits
   * only.
   */
  readonly hub?: NotifyHub | undefined;
}

/** The longest time that it may take to notify other processes. */
const SIGNAL_MS = 2_000;

/**
 * The database of one context in one process. The context's handlers read and write with it.
 *
 * Every statement ends with its scope: at the deadline the server cancels the running statement, and the caller gets the scope's reason.
 * Errors: codes of the catalogue, see {@link toHolonError}; never with SQL or values in the message.
 */
export class ContextData<T extends Tables = Tables> {
  readonly context: string;
  /** How connections are opened, for a second thread that needs its own connection. The URL contains the password. */
  readonly access: { readonly url: string; readonly role: string | undefined };
  readonly #transactionDeps: TransactionDeps<T>;
  readonly #prepared: PreparedQueries<T>;
  readonly #keys: IdempotencyKeys<T>;
  readonly #inTransaction = new WeakSet<Scope>();
  readonly #appended: AppendChannel;
  readonly #left: AppendChannel;
  readonly #notifyStanding: NotifyStanding | undefined;

  constructor(deps: ContextDataDeps<T>) {
    const { context, url, role, limits, clock } = deps;
    this.context = context;
    this.access = { url, role };
    const databases = new DatabaseFactory(deps.tables);
    this.#transactionDeps = {
      pool: new ConnectionPool({ url, role, applicationName: `holon ${context}`, limits, clock }),
      texts: new StatementTexts(),
      databases,
      limits,
      clock,
      outbox: new OutboxStatements(context),
      runs: new RunStatements(context),
      onAppended: () => {
        deps.onAppended?.();
        this.#appended.appended();
      },
    };
    const signal = {
      context,
      task: "notify",
      deadlineMs: SIGNAL_MS,
      late: () => databaseAway(`The database does not answer within ${SIGNAL_MS} ms.`),
    };
    const send = (text: string, params: readonly unknown[]): Promise<unknown> =>
      inSystemScope(signal, clock, (scope) => this.statement(scope, { text, params, prepare: true, rows: "arrays" }));
    this.#appended = new AppendChannel({ channel: `holon_appended_${context}`, url, hub: deps.hub, send });
    this.#left = new AppendChannel({ channel: `holon_left_${context}`, url, hub: deps.hub, send });
    this.#notifyStanding = deps.hub?.standing(url);
    this.#prepared = new PreparedQueries(databases);
    this.#keys = new IdempotencyKeys({
      context,
      limits,
      clock,
      writer: (scope) => databases.writer(new PoolRunner(this.#transactionDeps.pool, this.#transactionDeps.texts, scope)),
      transaction: (scope, run, transactionOptions) => this.transaction(scope, run, transactionOptions),
    });
  }

  /** A read-only database for one scope. */
  reader(scope: Scope): ReadDatabase<T> {
    return this.#transactionDeps.databases.reader(new PoolRunner(this.#transactionDeps.pool, this.#transactionDeps.texts, scope));
  }

  /**
   * Runs work in one transaction. It commits when the work returns and rolls back when the work throws.
   *
   * If other transactions are in conflict with this one, the work runs again, up to four runs in all. So it must change nothing outside of the transaction.
   * Errors: CONFLICT with `{ fields }` for a value that must be unique; CONFLICT after deadlocks; OVERLOADED if a lock was not released in time; INTERNAL if
   * another transaction of the same scope is open.
   */
  async transaction<R>(scope: Scope, run: (tx: DataTransaction<T>) => Promise<R>, options?: TransactionOptions): Promise<R> {
    if (this.#inTransaction.has(scope)) {
      throw catalogueError(
        "INTERNAL",
        `A transaction of ${this.context} was opened inside another one: use the outer one's tx, or open them one after the other.`,
      );
    }
    this.#inTransaction.add(scope);
    try {
      return await runTransaction(this.#transactionDeps, scope, run, options);
    } finally {
      this.#inTransaction.delete(scope);
    }
  }

  /** Runs one of the toolkit's own statements as a transaction by itself. It takes one round trip; {@link transaction} takes two. */
  statement(scope: Scope, request: StatementRequest): Promise<unknown[]> {
    return new PoolRunner(this.#transactionDeps.pool, this.#transactionDeps.texts, scope).run(request);
  }

  /**
   * A query that is built once in this process, by its name, and prepared once on each connection.
   *
   * `build` must not use values of the call. Write such values as `sql.placeholder(name)`, and pass them to `execute`.
   */
  prepared<Q extends PreparableQuery>(scope: Scope, name: string, build: (db: ReadDatabase<T>) => Q): PreparedQueryOf<Q> {
    return this.#prepared.take(name, build).on(new PoolRunner(this.#transactionDeps.pool, this.#transactionDeps.texts, scope));
  }

  /**
   * Runs an effect once for each key: key, effect and answer are written in one transaction. Returns the answer of this run or of the first one.
   *
   * With `wait`, a duplicate waits within its deadline for the run that is in flight. If that run fails, the duplicate runs.
   * Errors: KEY_REUSED - the key was used with another input; KEY_IN_FLIGHT - another run has the key now or, with `wait`, still at the deadline; errors of the
   * effect.
   */
  runOnce(scope: Scope, key: KeyScope, run: (tx: DataTransaction<T>) => Promise<unknown>): Promise<unknown> {
    return this.#keys.runOnce(scope, key, run);
  }

  /**
   * Claims a key for an effect outside this database, until the call's deadline.
   *
   * Errors: KEY_REUSED - the key was used with another input; KEY_IN_FLIGHT - another call holds the key, now or (with `wait`) still at the deadline.
   */
  claim(scope: Scope, key: KeyScope): Promise<KeyClaim<T>> {
    return this.#keys.claim(scope, key);
  }

  /**
   * Calls a function after commits that wrote events, jobs or workflows: at once after commits of this process and, with a hub, soon after those of other
   * processes. Returns the function that removes the listener.
   *
   * Guarantee: each commit of this process calls the function. A notification from another process may be lost, so poll as well.
   */
  listenAppended(listener: () => void): () => void {
    return this.#appended.listen(listener);
  }

  /** Notifies the processes of this context, of any version, that there is work which this process does not know and leaves to them. */
  leftWork(): void {
    this.#left.appended();
  }

  /** Calls a function when a process of this context left work to the others; works like {@link listenAppended}. */
  listenLeft(listener: () => void): () => void {
    return this.#left.listen(listener);
  }

  /** Whether this process receives notifications of other processes, for readiness; undefined without a hub. */
  get notifyStanding(): NotifyStanding | undefined {
    return this.#notifyStanding;
  }

  /** The longest time that a statement waits for a lock. */
  get lockTimeoutMs(): number {
    return this.#transactionDeps.limits.lockTimeoutMs;
  }

  /** The state of the pool, for metrics. */
  stats(): PoolStats {
    return this.#transactionDeps.pool.stats;
  }

  /** Checks that the database answers, for readiness. Errors: UNAVAILABLE. */
  ping(): Promise<void> {
    return this.#transactionDeps.pool.ping();
  }

  /** Sends the last notifications. Then refuses new work, waits a short time for running work, and ends the connections. */
  async close(): Promise<void> {
    await Promise.all([this.#appended.close(), this.#left.close()]);
    await this.#transactionDeps.pool.close();
  }
}

/** Makes the database of one context. It connects at the first use. */
export function createContextData<T extends Tables>(deps: ContextDataDeps<T>): ContextData<T> {
  return new ContextData(deps);
}
