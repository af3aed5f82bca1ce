import type { PoolConnection } from "../pool/pool-connection.ts";

/** A transaction was given up because a transaction before it in the chain did not commit. */
export class ChainBroken extends Error {
  override readonly name = "ChainBroken";

  constructor(cause: unknown) {
    super("A transaction that this one follows did not commit.", { cause });
  }
}

/** The most transactions in a row on a connection for which other calls wait. */
const IN_A_ROW_COUNT = 10;

/**
 * Transactions that follow one another. Each begins while the one before commits, on the same connection, so that the end of one and the beginning of the
 * next take one round trip.
 *
 *     empty --offer()--> committing --take()--> empty          the next transaction has the connection
 *                        committing --reclaim()--> empty       there was no next one; the transaction that offered it has it again
 *
 * Guarantee: a transaction sees what those before it wrote, and commits only if they have committed.
 */
export class TransactionChain {
  #offered: PoolConnection | undefined = undefined;
  #inARow = 0;
  #settled: Promise<void> = Promise.resolve();

  /** Resolves when all offered transactions have committed. Errors: {@link ChainBroken}. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Offers the next transaction a connection on which a commit was sent. */
  offer(connection: PoolConnection, committing: Promise<void>): void {
    this.#offered = connection;
    const before = this.#settled;
    const settled = committing.then(
      () => before,
      (error: unknown) => Promise.reject(new ChainBroken(error)),
    );
    // The next transaction awaits it, but there may be none.
    settled.catch(() => {});
    this.#settled = settled;
  }

  /** The connection of a commit in progress; undefined if there is none, or if other calls have waited for it long enough. */
  take(isWanted: boolean): PoolConnection | undefined {
    const connection = this.#offered;
    if (connection === undefined || (isWanted && this.#inARow >= IN_A_ROW_COUNT)) return undefined;
    this.#offered = undefined;
    this.#inARow++;
    return connection;
  }

  /** Takes the connection back. Returns false if the next transaction has taken it. */
  reclaim(connection: PoolConnection): boolean {
    if (this.#offered !== connection) return false;
    this.#offered = undefined;
    this.#inARow = 0;
    return true;
  }
}
