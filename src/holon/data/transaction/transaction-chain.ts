import type { PoolConnection } from "../pool/pool-connection.ts";

/** A transaction was given up because one that it follows did not commit. */
export class ChainBroken extends Error {
  override readonly name = "ChainBroken";

  constructor(cause: unknown) {
    super("A transaction that this one follows did not commit.", { cause });
  }
}

/** Most transactions in a row on a connection that others wait for. */
const IN_A_ROW_COUNT = 10;

/**
 * Transactions that follow one another, each begun while the one before commits: on its connection, so that the end of one and the beginning of the next are
 * one trip.
 *
 *     empty --offer()--> committing --take()--> empty          the next one has the connection
 *                        committing --reclaim()--> empty       nobody came; whoever offered it has it again
 *
 * Guarantee: one that follows sees what those before it wrote, and commits only when they have.
 */
export class TransactionChain {
  #offered: PoolConnection | undefined = undefined;
  #inARow = 0;
  #settled: Promise<void> = Promise.resolve();

  /** Resolves when all that were offered have committed. Errors: {@link ChainBroken}. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Lets the next transaction have a connection on which a commit was sent. */
  offer(connection: PoolConnection, committing: Promise<void>): void {
    this.#offered = connection;
    const before = this.#settled;
    const settled = committing.then(
      () => before,
      (error: unknown) => Promise.reject(new ChainBroken(error)),
    );
    // Whoever follows asks; nobody need follow.
    settled.catch(() => {});
    this.#settled = settled;
  }

  /** The connection of a commit that is on its way; undefined where there is none, or where others have waited for it long enough. */
  take(isWanted: boolean): PoolConnection | undefined {
    const connection = this.#offered;
    if (connection === undefined || (isWanted && this.#inARow >= IN_A_ROW_COUNT)) return undefined;
    this.#offered = undefined;
    this.#inARow++;
    return connection;
  }

  /** Returns whether the connection is still that of whoever offered it. */
  reclaim(connection: PoolConnection): boolean {
    if (this.#offered !== connection) return false;
    this.#offered = undefined;
    this.#inARow = 0;
    return true;
  }
}
