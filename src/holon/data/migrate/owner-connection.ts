import { databaseAway } from "../database-error.ts";
import { answerWithin, PoolConnection } from "../pool/pool-connection.ts";

/**
 * The longest time that a statement waits for a lock. During this time, other statements that read or write the table queue behind it. Units: milliseconds.
 */
export const LOCK_TIMEOUT_MS = 1_000;

/** The longest time of a statement that only reads catalogs or records what was done. */
const SHORT_MS = 30_000;

/** The longest time that a connection may take to end. */
const CLOSE_MS = 5_000;

const LIMITS = { statementTimeoutMs: 0, lockTimeoutMs: LOCK_TIMEOUT_MS, idleInTransactionMs: 0 };

/** The part of {@link OwnerConnection} that reads a database and records things. */
export interface OwnerRows {
  /** Runs a short statement. The caller gives the type of its rows. */
  rows<Row = object>(text: string, params?: readonly unknown[]): Promise<readonly Row[]>;
}

/**
 * A connection that changes the tables of a database. If it is lost, it is not opened again.
 *
 * Short statements, begin, commit and rollback have a time limit here. A statement of a migration has no time limit, because it may build an index for an hour.
 * The code that runs such a statement watches it, see {@link import("./statement-watch.ts").StatementWatch}.
 */
export class OwnerConnection implements OwnerRows {
  readonly url: string;
  readonly #connection: PoolConnection;

  private constructor(url: string, connection: PoolConnection) {
    this.url = url;
    this.#connection = connection;
  }

  /** Opens a connection. Errors: those of postgres.js, which the caller translates with {@link toHolonError}. */
  static async open(url: string, applicationName = "holon migrate"): Promise<OwnerConnection> {
    const options = { url, role: undefined, applicationName, limits: LIMITS, readsTypes: false };
    return new OwnerConnection(url, await PoolConnection.open(options, 0, () => {}));
  }

  rows<Row = object>(text: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    const statement = this.#connection.send(text, params, { prepare: false, rows: "objects" });
    return this.#shortly(statement) as unknown as Promise<readonly Row[]>;
  }

  /** Runs statements of a migration, without a time limit. */
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

  /** Cuts the connection off because the server did not answer in time. Running statements fail. */
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

  /** Refuses a statement on a lost connection, where it would wait for ever. */
  #assertAlive(): void {
    if (this.#connection.lost) throw databaseAway("The connection to the database was lost.");
  }
}
