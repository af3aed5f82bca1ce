import { databaseAway } from "../database-error.ts";
import { answerWithin } from "../pool/answer-within.ts";
import { PoolConnection } from "../pool/pool-connection.ts";

/** Longest that a statement waits for a lock: what reads or writes the table queues behind it for so long. Units: milliseconds. */
export const LOCK_TIMEOUT_MS = 1_000;

/** Longest that a statement may take which only looks at catalogs, or notes what was done. */
const SHORT_MS = 30_000;

/** Longest that a connection may take to end. */
const CLOSE_MS = 5_000;

const LIMITS = { statementTimeoutMs: 0, lockTimeoutMs: LOCK_TIMEOUT_MS, idleInTransactionMs: 0 };

/** The part of {@link OwnerConnection} that looks at a database and notes things. */
export interface OwnerRows {
  /** Runs a short statement. The caller names the shape of its rows. */
  rows<Row = object>(text: string, params?: readonly unknown[]): Promise<readonly Row[]>;
}

/**
 * One connection that changes the shape of a database, for one life.
 *
 * Short statements, begin, commit and rollback have a bound here. A statement of a migration has none, for it may build an index for an hour: what
 * runs one watches it, see {@link import("./statement-watch.ts").StatementWatch}.
 */
export class OwnerConnection implements OwnerRows {
  readonly url: string;
  readonly #connection: PoolConnection;

  private constructor(url: string, connection: PoolConnection) {
    this.url = url;
    this.#connection = connection;
  }

  /** Errors: in the catalogue's words, see {@link toHolonError}, once they are translated. */
  static async open(url: string, applicationName = "holon migrate"): Promise<OwnerConnection> {
    const options = { url, role: undefined, applicationName, limits: LIMITS, readsTypes: false };
    return new OwnerConnection(url, await PoolConnection.open(options, 0, () => {}));
  }

  rows<Row = object>(text: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    const statement = this.#connection.send(text, params, { prepare: false, rows: "objects" });
    return this.#shortly(statement) as unknown as Promise<readonly Row[]>;
  }

  /** Runs statements of a migration, however long that takes. */
  async run(text: string): Promise<void> {
    this.#assertAlive();
    await this.#connection.sendSimple(text);
  }

  /** Runs work in one transaction. Errors: the work's, after a rollback. */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.rows("begin");
    try {
      const result = await work();
      await this.rows("commit");
      return result;
    } catch (error) {
      if (!this.#connection.lost) await this.rows("rollback").catch(() => {});
      throw error;
    }
  }

  /** For a server that did not answer in time: what runs fails. */
  abandon(): void {
    this.#connection.abandon();
  }

  close(): Promise<void> {
    return this.#connection.close(CLOSE_MS);
  }

  async #shortly<Answer>(answer: PromiseLike<Answer>): Promise<Answer> {
    this.#assertAlive();
    return answerWithin(SHORT_MS, answer, () => {
      this.#connection.abandon();
      return databaseAway(`The database does not answer within ${SHORT_MS} ms.`);
    });
  }

  /** A statement on a connection that was lost would wait for ever. */
  #assertAlive(): void {
    if (this.#connection.lost) throw databaseAway("The connection to the database was lost.");
  }
}
