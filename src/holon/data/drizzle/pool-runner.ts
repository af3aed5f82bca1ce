import type { Scope } from "../../kernel/scope.ts";
import { toHolonError } from "../database-error.ts";
import type { ConnectionPool } from "../pool/connection-pool.ts";
import { cancelStatement, type PoolConnection } from "../pool/pool-connection.ts";
import type { StatementTexts } from "../pool/statement-texts.ts";
import type { StatementRequest, StatementRunner } from "./sql.ts";

/** Runs each statement of a scope on a connection of the pool, and cancels it with the scope. */
export class PoolRunner implements StatementRunner {
  readonly #pool: ConnectionPool;
  readonly #texts: StatementTexts;
  readonly #scope: Scope;

  constructor(pool: ConnectionPool, texts: StatementTexts, scope: Scope) {
    this.#pool = pool;
    this.#texts = texts;
    this.#scope = scope;
  }

  async run(request: StatementRequest): Promise<unknown[]> {
    const pool = this.#pool;
    const scope = this.#scope;
    const connection = pool.tryAcquire(scope) ?? (await (request.isUrgent === true ? pool.acquireUrgently(scope) : pool.acquire(scope)));
    return this.#runOn(connection, request);
  }

  /**
   * If the scope is cancelled, the caller gets the reason at once. The connection is released only when the statement and the cancel request are both over (P1
   * of the pool).
   */
  #runOn(connection: PoolConnection, request: StatementRequest): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const statement = connection.send(request.text, request.params, { prepare: this.#texts.shouldPrepare(request), rows: request.rows });
      let cancelling: Promise<void> | undefined;
      const forget = this.#scope.onCancel((reason) => {
        cancelling = cancelStatement(connection, statement);
        reject(reason);
      });
      const over = () => {
        forget();
        if (cancelling === undefined) this.#pool.release(connection);
        else void cancelling.then(() => this.#pool.release(connection));
      };
      statement.then(
        (result) => {
          over();
          resolve(result);
        },
        (error: unknown) => {
          over();
          reject(toHolonError(error));
        },
      );
    });
  }
}
