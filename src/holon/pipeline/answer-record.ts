import type { Tables } from "../data/drizzle/database.ts";
import type { ClaimedKey } from "../data/idempotency/key-claim.ts";
import type { DataTransaction } from "../data/transaction/run-transaction.ts";
import { HolonError } from "../kernel/holon-error.ts";

/** What the pipeline writes at the end of each transaction that a handler opens. */
export interface TransactionRecord {
  /** Called before a transaction begins. */
  begin(): void;
  /** Called as the last thing inside the transaction, with the result of its function. */
  write(tx: DataTransaction<Tables>, result: unknown): Promise<void>;
  /** Called after its commit. */
  commit(): void;
}

/**
 * The answer of an outside effect, or of a job, until the transaction that writes the effect has committed it.
 *
 *   open --write--> written --commit--> committed
 *   written --rollback, run again--> written (a transaction may run more than once)
 */
export class AnswerRecord implements TransactionRecord {
  readonly #path: string;
  readonly #parse: (result: unknown) => unknown;
  readonly #claim: ClaimedKey<Tables> | undefined;
  #value: unknown = undefined;
  #written = false;
  #committed = false;

  /** There is no claim if the caller sent no key. The rules are then the same, but the answer is not kept. */
  constructor(path: string, parse: (result: unknown) => unknown, claim: ClaimedKey<Tables> | undefined) {
    this.#path = path;
    this.#parse = parse;
    this.#claim = claim;
  }

  /** Whether the transaction's function has returned, so that the outside effect has happened. */
  get isWritten(): boolean {
    return this.#written;
  }

  get isCommitted(): boolean {
    return this.#committed;
  }

  get value(): unknown {
    return this.#value;
  }

  /** Called before a transaction begins. Errors: INTERNAL if one was committed already. */
  begin(): void {
    if (this.#committed)
      throw new HolonError("INTERNAL", `The handler of ${this.#path} opened a second transaction; an outside effect has exactly one.`);
  }

  /** Called inside the transaction, with the result of its function. */
  async write(tx: DataTransaction<Tables>, result: unknown): Promise<void> {
    this.#written = true;
    this.#value = this.#parse(result);
    await this.#claim?.complete(tx, this.#value);
  }

  commit(): void {
    this.#committed = true;
  }
}
