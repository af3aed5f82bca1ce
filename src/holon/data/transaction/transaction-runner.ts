import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import { markCutOff } from "../../kernel/origin.ts";
import type { Scope } from "../../kernel/scope.ts";
import { databaseAway, isConnectionLoss, toHolonError } from "../database-error.ts";
import type { StatementRequest, StatementRunner } from "../drizzle/sql.ts";
import { answerWithin, cancelStatement, ENDING_MS, type PendingStatement, type PoolConnection } from "../pool/pool-connection.ts";
import type { StatementTexts } from "../pool/statement-texts.ts";

/** How many keep-alive statements are sent within the time after which the server ends a transaction. So the transaction survives if one of them is late. */
const KEPT_ALIVE_COUNT = 4;

/**
 * The statements of one transaction, on its only connection.
 *
 *     open --commit()--> committing    a statement after this is refused
 *     committing --cancel()--> committing   the commit may finish within a time limit; after that the connection is cut off
 *     open --cancel()--> over          the running statement is cancelled
 *     open --connection lost--> over   nothing may run on a new connection, outside of the transaction
 *
 * T1. A commit whose answer is lost may have taken effect: its error is UNAVAILABLE with `executed: "maybe"`, and nothing here repeats it.
 * T2. Commit, cancel and rollback end within {@link ENDING_MS} after the end of the scope. Timers of this process keep that limit.
 * T3. The server ends a transaction that stays without a statement for too long. If the scope lasts longer than that, empty statements keep the transaction
 *     alive. So a handler may wait for something else until the deadline, and the server does not end its transaction. If this process is frozen or its machine
 *     is lost, the server ends the transaction and frees its locks. The deadline is also kept here, because nothing else keeps it if the handler has returned
 *     without waiting for its transaction.
 */
export class TransactionRunner implements StatementRunner {
  readonly #connection: PoolConnection;
  readonly #texts: StatementTexts;
  readonly #running = new Set<PendingStatement>();
  #cancelling: Promise<unknown> = Promise.resolve();
  /** Why the transaction failed as a whole: it was cancelled, or its connection was lost. */
  #reason: HolonError | undefined = undefined;
  #over = false;
  #committing: Promise<unknown> | undefined = undefined;
  #keepingAlive: NodeJS.Timeout | undefined = undefined;
  #firstFailure: unknown = undefined;

  constructor(connection: PoolConnection, texts: StatementTexts) {
    this.#connection = connection;
    this.#texts = texts;
  }

  /** Opens the transaction without waiting. Its first statement follows in the same packet. */
  begin(text: string): void {
    void this.#track(this.#connection.sendSimple(text)).catch(() => {});
  }

  /** Keeps the transaction alive until it ends, see T3. `late` is called if the transaction is still open at its deadline. It must end the transaction. */
  keepAlive(everyMs: number, isLate: () => boolean, late: () => void): void {
    this.#keepingAlive = setInterval(() => {
      if (!isLate()) return this.#sendEmpty();
      clearInterval(this.#keepingAlive);
      late();
    }, everyMs);
  }

  run(request: StatementRequest): Promise<unknown[]> {
    const form = { prepare: this.#texts.shouldPrepare(request), rows: request.rows };
    return this.#refused() ?? this.#track(this.#connection.send(request.text, request.params, form));
  }

  /**
   * Commits the transaction. Statements that were sent before and not awaited are part of it.
   *
   * Errors: the error of the first failed statement, because the server then rolls back even if the handler ignored the error; UNAVAILABLE if the connection is
   * lost before the answer comes, see T1.
   */
  async commit(): Promise<void> {
    clearInterval(this.#keepingAlive);
    const refused = this.#refused();
    if (refused !== undefined) await refused;
    this.#over = true;
    const committing = this.#track(this.#connection.sendSimple("commit")) as Promise<{ readonly command?: string }>;
    this.#committing = committing;
    const result = await committing.catch((error: unknown) => {
      throw this.#connection.lost || isConnectionLoss(error) ? commitUnknown(error) : error;
    });
    // The commit of a failed transaction is not an error for the server: it rolls back and reports that.
    if (result.command !== "COMMIT") throw toHolonError(this.#firstFailure);
  }

  /** Cancels the running statement and refuses later ones. A commit in progress may finish, if its answer comes within the time limit. */
  cancel(reason: HolonError): void {
    if (this.#committing !== undefined) return void this.#endWithin(this.#committing);
    if (this.#over) return;
    this.#reason ??= reason;
    this.#cancelRunning();
  }

  /** Rolls the transaction back after its running statements have ended. Returns whether the connection may be used again. */
  async rollback(): Promise<boolean> {
    clearInterval(this.#keepingAlive);
    this.#over = true;
    const running = Promise.allSettled([...this.#running]);
    if (this.#reason === undefined) await answerWithin(ENDING_MS, running, () => this.#cancelRunning()).catch(() => {});
    await this.#cancelling;
    await this.#endWithin(running);
    if (this.#connection.lost) return false;
    return this.#endWithin(this.#connection.sendSimple("rollback"));
  }

  #sendEmpty(): void {
    if (this.#running.size > 0 || this.#reason !== undefined || this.#connection.lost) return;
    // If a statement of the transaction has failed, this one fails too, but it still restarts the server's timer.
    this.#track(this.#connection.sendSimple("select 1")).catch(() => {});
  }

  #cancelRunning(): void {
    const active = [...this.#running].find((statement) => statement.active) ?? [...this.#running][0];
    if (active !== undefined) this.#cancelling = cancelStatement(this.#connection, active);
  }

  /**
   * Waits for the answer to a statement that ends the transaction. Cuts the connection off if no answer comes. Returns whether an answer came and was not an
   * error.
   */
  async #endWithin(answer: PromiseLike<unknown>): Promise<boolean> {
    try {
      await answerWithin(ENDING_MS, answer, () => this.#connection.abandon());
      return true;
    } catch {
      return false;
    }
  }

  #refused(): Promise<never> | undefined {
    if (this.#reason === undefined && this.#connection.lost)
      this.#reason = markCutOff(databaseAway("The connection to the database was lost during the transaction."));
    if (this.#reason !== undefined) return Promise.reject(this.#reason);
    if (this.#over)
      return Promise.reject(catalogueError("INTERNAL", "The transaction is over: a statement of it was not awaited, or its `tx` was kept."));
    return undefined;
  }

  async #track(statement: PendingStatement): Promise<unknown[]> {
    this.#running.add(statement);
    try {
      return await statement;
    } catch (error) {
      this.#firstFailure ??= error;
      // postgres.js would connect again for the next statement, which would then be outside of any transaction.
      if (isConnectionLoss(error)) this.#reason ??= markCutOff(toHolonError(error));
      throw this.#reason ?? toHolonError(error);
    } finally {
      this.#running.delete(statement);
    }
  }
}

function commitUnknown(cause: unknown): HolonError {
  const message = "The connection to the database was lost during a commit: whether it took effect is not known.";
  return markCutOff(databaseAway(message, { executed: "maybe", cause }));
}

/** The text that opens a transaction with the limits of its scope. No statement outlives the deadline, even if this process dies. */
export function beginText(scope: Scope, monotonicMs: number, statementTimeoutMs: number, lockTimeoutMs: number | undefined): string {
  const left = Math.max(1, Math.ceil(scope.deadlineAtMs - monotonicMs));
  // The connection already has the limit `statementTimeoutMs`. Only an earlier deadline needs a limit of its own.
  const timeout = left < statementTimeoutMs ? `; set local statement_timeout = ${left}` : "";
  return `begin${timeout}${lockTimeoutMs === undefined ? "" : `; set local lock_timeout = ${lockTimeoutMs}`}`;
}

/** How often a transaction is kept alive, see T3; undefined if its scope ends before the server would end it. Units: milliseconds. */
export function keepAliveMs(scope: Scope, monotonicMs: number, idleInTransactionMs: number): number | undefined {
  const mayOutlive = idleInTransactionMs > 0 && scope.deadlineAtMs - monotonicMs > idleInTransactionMs;
  return mayOutlive ? Math.max(1, idleInTransactionMs / KEPT_ALIVE_COUNT) : undefined;
}
