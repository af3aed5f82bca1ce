import { catalogueError, type ErrorOrigin, type HolonError, markOrigin, type Scope } from "../../kernel/index.ts";
import { isConnectionLoss, toHolonError } from "../database-error.ts";
import type { StatementRequest, StatementRunner } from "../drizzle/statement-runner.ts";
import { cancelStatement } from "../pool/cancel-statement.ts";
import type { PendingStatement, PoolConnection } from "../pool/pool-connection.ts";
import type { StatementTexts } from "../pool/statement-texts.ts";

const LOST: ErrorOrigin = { layer: "database", isPassing: true };

/**
 * The statements of one transaction, on its one connection.
 *
 *     open --commit()--> over          a statement after this is refused
 *     open --cancel()--> over          the running statement is cancelled
 *     open --connection lost--> over   nothing may run on a new connection, outside of the transaction
 */
export class TransactionRunner implements StatementRunner {
  readonly #connection: PoolConnection;
  readonly #texts: StatementTexts;
  readonly #running = new Set<PendingStatement>();
  #cancelling: Promise<unknown> = Promise.resolve();
  /** Why the transaction failed as a whole: it was cancelled, or its connection was lost. */
  #reason: HolonError | undefined = undefined;
  #over = false;
  #firstFailure: unknown = undefined;

  constructor(connection: PoolConnection, texts: StatementTexts) {
    this.#connection = connection;
    this.#texts = texts;
  }

  /** Opens the transaction without waiting: its first statement follows in the same packet. */
  begin(text: string): void {
    void this.#track(this.#connection.sendSimple(text)).catch(() => {});
  }

  run(request: StatementRequest): Promise<unknown[]> {
    const form = { prepare: this.#texts.shouldPrepare(request), rows: request.rows };
    return this.#refused() ?? this.#track(this.#connection.send(request.text, request.params, form));
  }

  /**
   * Ends the transaction with its effect; what was sent before and not awaited is part of it.
   *
   * Errors: that of the first statement that failed, for then the server rolls back whatever the handler made of the error.
   */
  async commit(): Promise<void> {
    const refused = this.#refused();
    if (refused !== undefined) await refused;
    this.#over = true;
    const result = (await this.#track(this.#connection.sendSimple("commit"))) as { readonly command?: string };
    // Committing a failed transaction is no error for the server, which rolls back and says so.
    if (result.command !== "COMMIT") throw toHolonError(this.#firstFailure);
  }

  /** Cancels what runs, and refuses what comes. A commit that is on its way is let through: nobody could say what became of it. */
  cancel(reason: HolonError): void {
    if (this.#over) return;
    this.#reason ??= reason;
    const active = [...this.#running].find((statement) => statement.active) ?? [...this.#running][0];
    if (active !== undefined) this.#cancelling = cancelStatement(this.#connection, active);
  }

  /** Undoes the transaction once nothing of it runs any more. Returns whether the connection may be used again. */
  async rollback(): Promise<boolean> {
    this.#over = true;
    await Promise.allSettled([...this.#running]);
    await this.#cancelling;
    if (this.#connection.lost) return false;
    try {
      await this.#connection.sendSimple("rollback");
      return true;
    } catch {
      return false;
    }
  }

  #refused(): Promise<never> | undefined {
    if (this.#reason === undefined && this.#connection.lost)
      this.#reason = markOrigin(catalogueError("UNAVAILABLE", "The connection to the database was lost during the transaction."), LOST);
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
      // postgres.js would connect again for the next statement, which would then be no part of any transaction.
      if (isConnectionLoss(error)) this.#reason ??= toHolonError(error);
      throw this.#reason ?? toHolonError(error);
    } finally {
      this.#running.delete(statement);
    }
  }
}

/** Opens a transaction with the limits of its scope: no statement outlives the deadline, even if this process dies. */
export function beginText(scope: Scope, monotonicMs: number, statementTimeoutMs: number, lockTimeoutMs: number | undefined): string {
  const left = Math.max(1, Math.ceil(scope.deadlineAtMs - monotonicMs));
  // The connection itself has the limit already, where the deadline is no nearer.
  const timeout = left < statementTimeoutMs ? `; set local statement_timeout = ${left}` : "";
  return `begin${timeout}${lockTimeoutMs === undefined ? "" : `; set local lock_timeout = ${lockTimeoutMs}`}`;
}
