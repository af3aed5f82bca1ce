import { type Clock, catalogueError, type HolonError, isHolonError, isInstanceOf, type Limits, markOrigin, type Scope } from "../../kernel/index.ts";
import { isContention, isWorthRepeating } from "../database-error.ts";
import type { Tables, WriteDatabase } from "../drizzle/database.ts";
import type { DatabaseFactory } from "../drizzle/database-factory.ts";
import type { StatementRequest } from "../drizzle/statement-runner.ts";
import { jitter } from "../jitter.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";
import type { PoolConnection } from "../pool/pool-connection.ts";
import type { StatementTexts } from "../pool/statement-texts.ts";
import { type AppendedEvent, type AppendedJob, assertStorable, OutboxRows } from "./outbox-row.ts";
import type { OutboxStatements } from "./outbox-statements.ts";
import type { AppendedRun, AppendedRunRow, RunStatements } from "./run-statements.ts";
import { ChainBroken, type TransactionChain } from "./transaction-chain.ts";
import { beginText, keepAliveMs, TransactionRunner } from "./transaction-runner.ts";

/** An open transaction of one context. */
export interface DataTransaction<T extends Tables> {
  /** Drizzle, reading and writing. */
  readonly db: WriteDatabase<T>;
  /** Tells an event when, and only if, this transaction commits. */
  appendEvent(event: AppendedEvent): Promise<void>;
  /** Starts a job when, and only if, this transaction commits. */
  appendJob(job: AppendedJob): Promise<void>;
  /** Starts a workflow when, and only if, this transaction commits; where one of this name and key was started before, that one is answered. */
  appendRun(run: AppendedRun): Promise<AppendedRunRow>;
  /** Runs a statement of the toolkit's own, as plain text. */
  run(request: StatementRequest): Promise<unknown[]>;
  /** Runs a statement on the way to the commit, in its packet: where it fails, the transaction rolls back. */
  atCommit(request: StatementRequest): void;
}

/** What transactions of one context need. */
export interface TransactionParts<T extends Tables> {
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

/** What one transaction may want otherwise. */
export interface TransactionOptions {
  /** Longest wait for a lock until `restoreLockTimeout` is called. */
  readonly lockTimeoutMs?: number;
  /** False if the work is rather to be done in smaller transactions after a deadlock. */
  readonly repeatsContention?: boolean;
  /** Those that it follows, and that follow it. */
  readonly chain?: TransactionChain;
  /** Called when the work is done and the commit is sent: what follows in the chain may begin. The transaction is not repeated after that. */
  readonly onCommitting?: () => void;
}

/** Most times that a transaction is run when others stand in its way. */
const ATTEMPTS = 4;

/**
 * Runs work in a transaction, again where it met a deadlock or a serialization failure.
 *
 * Errors: CONFLICT - others were in the way each time; DEADLINE_EXCEEDED or the scope's reason - rolled back, nothing runs on.
 */
export async function runTransaction<T extends Tables, R>(
  parts: TransactionParts<T>,
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
      return await runAttempt(parts, scope, run, { ...options, onCommitting });
    } catch (error) {
      // Its cause is that of another transaction, which this one cannot repeat.
      const isBroken = isInstanceOf(error, ChainBroken);
      const isRepeated = attempt < ATTEMPTS && isWorthRepeating(error) && !(options.repeatsContention === false && isContention(error));
      const isOver = isBroken || !isRepeated || scope.cancelled !== undefined;
      if (isOver || (isCommitting && options.chain !== undefined)) {
        const thrown = isBroken ? error : toThrown(error, scope);
        if (!isCommitting || isClean(thrown)) scope.effectFailed();
        throw thrown;
      }
      await jitter(5, 20 * 2 ** attempt);
    }
  }
}

async function runAttempt<T extends Tables, R>(
  parts: TransactionParts<T>,
  scope: Scope,
  run: (tx: DataTransaction<T>) => Promise<R>,
  options: TransactionOptions,
): Promise<R> {
  const { pool, texts, limits, clock } = parts;
  const { chain } = options;
  const connection = (chain === undefined ? pool.tryAcquire(scope) : await connectionFor(pool, scope, chain)) ?? (await pool.acquire(scope));
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
    const result = await Promise.race([run(transactionOf(parts, scope, runner, appended)), cancelled]).finally(() => {
      appended.isOver = true;
    });
    // By now it mostly is: what came before was answered first, on the same connection. Those that waited for the same commit one after the other.
    for (let before: Promise<void> | undefined; before !== chain?.settled; ) {
      before = chain?.settled;
      await before;
    }
    if (scope.cancelled !== undefined) throw scope.cancelled;
    const committing = commit(parts, scope, runner, appended);
    // Whoever is cancelled hears no more of the commit, and neither do those that follow.
    chain?.offer(connection, Promise.race([committing, cancelled]));
    isOffered = chain !== undefined;
    options.onCommitting?.();
    await committing;
    forget();
    if (!isOffered || chain?.reclaim(connection) === true) pool.release(connection);
    return result;
  } catch (error) {
    forget();
    // The next of the chain has the connection, and undoes with it.
    if (isOffered && chain?.reclaim(connection) === false) throw error;
    // The caller is told now; undoing may have to wait for a statement to end.
    const undone = undo(pool, connection, runner);
    if (scope.cancelled === undefined) await undone;
    throw error;
  }
}

/** The connection of the one before, or an idle one; undefined where there is neither. */
async function connectionFor(pool: ConnectionPool, scope: Scope, chain: TransactionChain): Promise<PoolConnection | undefined> {
  const taken = chain.take(pool.stats.waiting > 0);
  if (taken !== undefined) return taken;
  // On another connection, what came before is seen once it has committed.
  await chain.settled;
  return pool.tryAcquire(scope);
}

/** What a transaction has appended so far, and what is run right before its commit. */
interface Appended {
  readonly outbox: OutboxRows;
  runs: number;
  readonly last: StatementRequest[];
  /** The handler has returned: what comes now would be lost without a word. */
  isOver: boolean;
}

/** Errors: INTERNAL where the transaction is over. */
function assertOpen({ isOver }: Appended): void {
  if (isOver)
    throw catalogueError("INTERNAL", "The transaction is over: nothing can be emitted, enqueued or started on it any more. Await what you do in it.");
}

function transactionOf<T extends Tables>(
  parts: TransactionParts<T>,
  scope: Scope,
  runner: TransactionRunner,
  appended: Appended,
): DataTransaction<T> {
  let db: WriteDatabase<T> | undefined;
  return {
    get db() {
      db ??= parts.databases.writer(runner);
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
      // A text is sent as UTF-8, which has no half of a pair: two keys would become one.
      assertStorable(JSON.stringify(started.key), `The key of a run of ${started.workflow}`);
      const request = parts.runs.start(started, scope.trace.traceparent, scope.initiator);
      // Another transaction that committed in between is seen by a new statement only.
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
  parts: TransactionParts<T>,
  scope: Scope,
  runner: TransactionRunner,
  { outbox, runs, last }: Appended,
): Promise<void> {
  // These travel together with the commit, which tells if they failed.
  for (const request of last) runner.run(request).catch(() => {});
  if (outbox.rows.length > 0) runner.run(parts.outbox.insert(outbox.rows, scope)).catch(() => {});
  await runner.commit();
  if (outbox.rows.length > 0 || runs > 0) parts.onAppended();
}

async function undo(pool: ConnectionPool, connection: PoolConnection, runner: TransactionRunner): Promise<void> {
  if (await runner.rollback()) pool.release(connection);
  else pool.discard(connection);
}

/** Whether an error that came of a commit says that nothing was committed. */
function isClean(error: unknown): boolean {
  return isHolonError(error) && error.executed === "no";
}

/** What a handler throws passes as it is; statements have said already in the catalogue's words what the database threw. */
function toThrown(error: unknown, scope: Scope): unknown {
  if (scope.cancelled !== undefined && !isHolonError(error)) return scope.cancelled;
  if (!isWorthRepeating(error)) return error;
  const conflict = catalogueError("CONFLICT", `Others changed the same rows at the same time, ${ATTEMPTS} times in a row.`, { cause: error });
  return markOrigin(conflict, { layer: "database", isPassing: true });
}
