import type { Clock } from "../../kernel/clock.ts";
import { catalogueError, type HolonError, isHolonError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";
import { markOrigin } from "../../kernel/origin.ts";
import type { Scope } from "../../kernel/scope.ts";
import { isInstanceOf } from "../../kernel/thrown.ts";
import { isContention, isWorthRepeating } from "../database-error.ts";
import type { Tables, WriteDatabase } from "../drizzle/database.ts";
import type { DatabaseFactory } from "../drizzle/database-factory.ts";
import type { StatementRequest } from "../drizzle/sql.ts";
import { jitter } from "../jitter.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";
import type { PoolConnection } from "../pool/pool-connection.ts";
import type { StatementTexts } from "../pool/statement-texts.ts";
import { type CommitPipeline, PredecessorFailed } from "./commit-pipeline.ts";
import { type AppendedEvent, type AppendedJob, assertStorable, OutboxRows, type OutboxStatements } from "./outbox-statements.ts";
import type { AppendedRun, AppendedRunRow, RunStatements } from "./run-statements.ts";
import { beginText, keepAliveMs, TransactionRunner } from "./transaction-runner.ts";

/** An open transaction of one context. */
export interface DataTransaction<T extends Tables> {
  /** Drizzle's database, for reading and writing. */
  readonly db: WriteDatabase<T>;
  /** Publishes an event when, and only if, this transaction commits. */
  appendEvent(event: AppendedEvent): Promise<void>;
  /** Starts a job when, and only if, this transaction commits. */
  appendJob(job: AppendedJob): Promise<void>;
  /** Starts a workflow when, and only if, this transaction commits. If a run of this name and key was started before, that run is returned. */
  appendRun(run: AppendedRun): Promise<AppendedRunRow>;
  /** Runs one of the toolkit's own statements, as plain text. */
  run(request: StatementRequest): Promise<unknown[]>;
  /** Runs a statement right before the commit, in the same packet. If it fails, the transaction rolls back. */
  atCommit(request: StatementRequest): void;
}

/** What the transactions of one context use. */
export interface TransactionDeps<T extends Tables> {
  readonly pool: ConnectionPool;
  readonly texts: StatementTexts;
  readonly databases: DatabaseFactory<T>;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly outbox: OutboxStatements;
  readonly runs: RunStatements;
  /** Called after a commit that wrote outbox rows or started workflows. */
  readonly onAppended: () => void;
}

/** Options of one transaction. */
export interface TransactionOptions {
  /** The longest wait for a lock in this transaction, unless one of its statements sets another. Default: the limit `lockTimeoutMs`. */
  readonly lockTimeoutMs?: number;
  /** False if a deadlock or a serialization failure is thrown at once, because the caller then does the work in smaller transactions. Default: true. */
  readonly repeatsContention?: boolean;
  /** The transactions before and after this one on the same connection. */
  readonly pipeline?: CommitPipeline;
  /** Called when the work is done and the commit was sent. The next transaction of the pipeline may then begin, and this one is not repeated any more. */
  readonly onCommitting?: () => void;
}

/** How often a transaction is run if other transactions are in conflict with it. */
const ATTEMPTS = 4;

/**
 * Runs work in a transaction. Runs it again after a deadlock, a serialization failure, or an error of a plan that a migration made outdated.
 *
 * I1. Work is repeated only if nothing of it was committed, and never if a transaction that follows this one may have begun.
 * I2. The connection is handed over once: back to the pool, or to the next transaction of the pipeline. If its state is not known, it is ended.
 * I3. A call that is cancelled gets the reason at once. Its connection goes back when the rollback is over, or is cut off.
 * I4. The scope counts the transaction as an effect until it is certain that nothing was committed.
 *
 * Errors: CONFLICT if each run met a conflict with other transactions; DEADLINE_EXCEEDED or the scope's reason: the transaction is rolled back then, and
 * nothing of it goes on.
 */
export async function runTransaction<T extends Tables, R>(
  deps: TransactionDeps<T>,
  scope: Scope,
  run: (tx: DataTransaction<T>) => Promise<R>,
  options: TransactionOptions = {},
): Promise<R> {
  let isCommitting = false;
  const onCommitting = (): void => {
    isCommitting = true;
    options.onCommitting?.();
  };
  scope.effectBegan();
  for (let attempt = 1; ; attempt++) {
    isCommitting = false;
    try {
      return await runAttempt(deps, scope, run, { ...options, onCommitting });
    } catch (error) {
      // I1. The cause is an error of another transaction, which this one cannot repeat.
      const isBroken = isInstanceOf(error, PredecessorFailed);
      const isRepeated = attempt < ATTEMPTS && isWorthRepeating(error) && !(options.repeatsContention === false && isContention(error));
      const isOver = isBroken || !isRepeated || scope.cancelled !== undefined;
      if (isOver || (isCommitting && options.pipeline !== undefined)) {
        const thrown = isBroken ? error : toThrown(error, scope);
        // I4. Nothing was committed.
        if (!isCommitting || isClean(thrown)) scope.effectFailed();
        throw thrown;
      }
      await jitter(5, 20 * 2 ** attempt);
    }
  }
}

async function runAttempt<T extends Tables, R>(
  deps: TransactionDeps<T>,
  scope: Scope,
  run: (tx: DataTransaction<T>) => Promise<R>,
  options: TransactionOptions,
): Promise<R> {
  const { pool, texts, limits, clock } = deps;
  const { pipeline } = options;
  const connection = (pipeline === undefined ? pool.tryAcquire(scope) : await connectionFor(pool, scope, pipeline)) ?? (await pool.acquire(scope));
  const runner = new TransactionRunner(connection, texts);
  let forget = () => {};
  let cancel = (_reason: HolonError): void => {};
  let isOffered = false;
  const cancelled = new Promise<never>((_resolve, reject) => {
    cancel = (reason) => {
      runner.cancel(reason);
      reject(reason);
    };
    forget = scope.onCancel(cancel);
  });
  try {
    const nowMs = clock.monotonicMs();
    runner.begin(beginText(scope, nowMs, limits.statementTimeoutMs, options.lockTimeoutMs));
    const everyMs = keepAliveMs(scope, nowMs, limits.idleInTransactionMs);
    if (everyMs !== undefined) {
      const isLate = (): boolean => clock.monotonicMs() >= scope.deadlineAtMs;
      runner.keepAlive(everyMs, isLate, () => cancel(catalogueError("DEADLINE_EXCEEDED", "The transaction did not end within its deadline.")));
    }
    const appended: Appended = { outbox: new OutboxRows(), runs: 0, last: [], isOver: false };
    const result = await Promise.race([run(transactionOf(deps, scope, runner, appended)), cancelled]).finally(() => {
      appended.isOver = true;
    });
    // I3 of the pipeline. On the same connection, the transactions before this one have usually settled by now, because the server answered them first. A later
    // offer replaces `settled`, so the loop waits until `settled` stays the same.
    for (let before: Promise<void> | undefined; before !== pipeline?.settled; ) {
      before = pipeline?.settled;
      await before;
    }
    if (scope.cancelled !== undefined) throw scope.cancelled;
    const committing = commit(deps, scope, runner, appended);
    // If this transaction is cancelled, it does not wait for the result of the commit, and neither do the transactions after it.
    pipeline?.offer(connection, Promise.race([committing, cancelled]));
    isOffered = pipeline !== undefined;
    options.onCommitting?.();
    await committing;
    forget();
    // I2. The next transaction of the pipeline may have taken the connection.
    if (!isOffered || pipeline?.takeBack(connection) === true) pool.release(connection);
    return result;
  } catch (error) {
    forget();
    // I2. The next transaction of the pipeline has the connection, and releases it.
    if (isOffered && pipeline?.takeBack(connection) === false) throw error;
    // I3. The caller gets the error now. The rollback may have to wait for a statement to end.
    const undone = undo(pool, connection, runner);
    if (scope.cancelled === undefined) await undone;
    throw error;
  }
}

/** The connection of the transaction before, or an idle connection; undefined if neither exists. */
async function connectionFor(pool: ConnectionPool, scope: Scope, pipeline: CommitPipeline): Promise<PoolConnection | undefined> {
  const taken = pipeline.take(pool.stats.waiting > 0);
  if (taken !== undefined) return taken;
  // I2 of the pipeline. On another connection, the writes of the transactions before are visible only after their commit.
  await pipeline.settled;
  return pool.tryAcquire(scope);
}

/** What a transaction has appended so far, and the statements that run right before its commit. */
interface Appended {
  readonly outbox: OutboxRows;
  runs: number;
  readonly last: StatementRequest[];
  /** True if the handler has returned. A row that is added after that would be lost silently. */
  isOver: boolean;
}

/** Checks that rows can still be added. Errors: INTERNAL if the transaction is over. */
function assertOpen({ isOver }: Appended): void {
  if (isOver)
    throw catalogueError("INTERNAL", "The transaction is over: nothing can be emitted, enqueued or started on it any more. Await what you do in it.");
}

function transactionOf<T extends Tables>(deps: TransactionDeps<T>, scope: Scope, runner: TransactionRunner, appended: Appended): DataTransaction<T> {
  let db: WriteDatabase<T> | undefined;
  return {
    get db() {
      db ??= deps.databases.writer(runner);
      return db;
    },
    async appendEvent(event) {
      assertOpen(appended);
      appended.outbox.addEvent(event);
    },
    async appendJob(job) {
      assertOpen(appended);
      appended.outbox.addJob(job);
    },
    async appendRun(started) {
      assertOpen(appended);
      // A text is sent as UTF-8, which cannot carry half of a surrogate pair. Without this check, two keys could become one.
      assertStorable(JSON.stringify(started.key), `The key of a run of ${started.workflow}`);
      const request = deps.runs.start(started, scope.trace.traceparent, scope.initiator);
      // If the first statement returns no row, another transaction has just started the run. Only a new statement sees that run.
      const [row = (await runner.run(request))[0]] = await runner.run(request);
      const [id, isNew, version, inputHash] = row as [string, boolean, number, string];
      if (isNew) appended.runs++;
      return { id, isNew, version, inputHash };
    },
    run: (request) => runner.run(request),
    atCommit(request) {
      assertOpen(appended);
      appended.last.push(request);
    },
  };
}

async function commit<T extends Tables>(
  deps: TransactionDeps<T>,
  scope: Scope,
  runner: TransactionRunner,
  { outbox, runs, last }: Appended,
): Promise<void> {
  // These statements are sent together with the commit, which fails if one of them failed.
  for (const request of last) runner.run(request).catch(() => {});
  if (outbox.rows.length > 0) runner.run(deps.outbox.insert(outbox.rows, scope)).catch(() => {});
  await runner.commit();
  if (outbox.rows.length > 0 || runs > 0) deps.onAppended();
}

async function undo(pool: ConnectionPool, connection: PoolConnection, runner: TransactionRunner): Promise<void> {
  if (await runner.rollback()) pool.release(connection);
  else pool.discard(connection);
}

/** Whether an error of a commit says that nothing was committed. */
function isClean(error: unknown): boolean {
  return isHolonError(error) && error.executed === "no";
}

/** An error of the handler passes unchanged. Statements have already translated errors of the database. */
function toThrown(error: unknown, scope: Scope): unknown {
  if (scope.cancelled !== undefined && !isHolonError(error)) return scope.cancelled;
  if (!isWorthRepeating(error)) return error;
  const conflict = catalogueError("CONFLICT", `Other transactions changed the same rows at the same time, ${ATTEMPTS} times in a row.`, {
    cause: error,
  });
  return markOrigin(conflict, { layer: "database", isPassing: true });
}
