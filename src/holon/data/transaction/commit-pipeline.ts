import type { PoolConnection } from "../pool/pool-connection.ts";

/** A transaction was given up because a transaction before it in the pipeline did not commit. */
export class PredecessorFailed extends Error {
  override readonly name = "PredecessorFailed";

  constructor(cause: unknown) {
    super("A transaction before this one on the same connection did not commit.", { cause });
  }
}

/** The greatest number of transactions in a row on one connection while other calls wait for a connection (I4). */
const IN_A_ROW_COUNT = 10;

/**
 * Transactions that follow one another. Each begins while the transaction before it commits, on the same connection. So the end of one transaction and the
 * beginning of the next take one round trip.
 *
 *     empty --offer()--> committing --take()--> empty          the next transaction has the connection
 *                        committing --takeBack()--> empty       no next transaction came; the one that offered it has it again
 *
 * I1. A connection that is offered has one user: either the next transaction takes it, or the transaction that offered it takes it back.
 * I2. A transaction that follows sees what the transactions before it wrote. On their connection its statements run after their commit; on another connection
 *     it begins when all of them have committed.
 * I3. A transaction that follows commits only when all transactions before it have committed. If one of them did not commit, it fails with
 *     {@link PredecessorFailed}, and so do all transactions behind it.
 * I4. While other calls wait for a connection, at most ten transactions in a row use one. Then it goes back to the pool.
 */
export class CommitPipeline {
  #offered: PoolConnection | undefined = undefined;
  #inARow = 0;
  #settled: Promise<void> = Promise.resolve();

  /** Resolves when all offered transactions have committed (I3). Errors: {@link PredecessorFailed}. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Offers the next transaction a connection on which a commit was sent. */
  offer(connection: PoolConnection, committing: Promise<void>): void {
    this.#offered = connection;
    const before = this.#settled;
    const settled = committing.then(
      () => before,
      (error: unknown) => Promise.reject(new PredecessorFailed(error)),
    );
    // If there is no next transaction, nothing awaits this promise, and its rejection must not count as unhandled.
    settled.catch(() => {});
    this.#settled = settled;
  }

  /**
   * The connection of a commit in progress (I1); undefined if no commit is in progress, or if other calls wait and ten transactions in a row have used the
   * connection (I4).
   */
  take(isWanted: boolean): PoolConnection | undefined {
    const connection = this.#offered;
    if (connection === undefined || (isWanted && this.#inARow >= IN_A_ROW_COUNT)) return undefined;
    this.#offered = undefined;
    this.#inARow++;
    return connection;
  }

  /** Takes the connection back (I1). Returns false if the next transaction has taken it. */
  takeBack(connection: PoolConnection): boolean {
    if (this.#offered !== connection) return false;
    this.#offered = undefined;
    this.#inARow = 0;
    return true;
  }
}
