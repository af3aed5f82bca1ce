import type { ClaimedKey, DataTransaction, Tables } from "../data/index.ts";
import { HolonError } from "../kernel/index.ts";

/** What is written at the end of each transaction that a handler opens. */
export interface TransactionRecord {
  /** Before a transaction begins. */
  begin(): void;
  /** Inside it, as the last of it, with what it came to. */
  write(tx: DataTransaction<Tables>, result: unknown): Promise<void>;
  /** After its commit. */
  commit(): void;
}

/**
 * The answer of an outside effect, on its way into the transaction that writes the effect.
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

  /** Without a claim, where the caller sent no key, the rules are the same and nothing is kept. */
  constructor(path: string, parse: (result: unknown) => unknown, claim: ClaimedKey<Tables> | undefined) {
    this.#path = path;
    this.#parse = parse;
    this.#claim = claim;
  }

  /** Whether the handler has come to its end, so that its effect outside is there. */
  get isWritten(): boolean {
    return this.#written;
  }

  get isCommitted(): boolean {
    return this.#committed;
  }

  get value(): unknown {
    return this.#value;
  }

  /** Before the one transaction begins. Errors: INTERNAL for a second one. */
  begin(): void {
    if (this.#committed)
      throw new HolonError("INTERNAL", `The handler of ${this.#path} opened a second transaction; an outside effect has exactly one.`);
  }

  /** Inside the transaction, with what it came to. */
  async write(tx: DataTransaction<Tables>, result: unknown): Promise<void> {
    this.#written = true;
    this.#value = this.#parse(result);
    await this.#claim?.complete(tx, this.#value);
  }

  commit(): void {
    this.#committed = true;
  }
}
