import type { HolonError } from "../../kernel/holon-error.ts";
import type { Principal } from "../../kernel/principal.ts";
import type { CallOwner, EdgeCall } from "../http/edge-call.ts";
import type { AddressedClient } from "../rates/procedure-rates.ts";

/** Turns settled calls into an answer. */
export interface AnswerWriter {
  /** Called for each call, in the order in which they end. */
  settled(call: EdgeCall): void;
  /** Called when all calls have ended, with the calls in the order of the request. */
  finished(calls: readonly EdgeCall[]): void;
}

/** The calls of one request: starts them in order, with a limit on concurrent ones, and knows when all have ended. */
export class CallGroup implements CallOwner {
  readonly calls: EdgeCall[] = [];
  readonly #writer: AnswerWriter;
  readonly #concurrency: number;
  #principal: Principal | undefined = undefined;
  #client: AddressedClient | undefined = undefined;
  #nextIndex = 0;
  #runningCount = 0;
  #settledCount = 0;
  readonly #size: number;

  constructor(size: number, concurrency: number, writer: AnswerWriter) {
    this.#size = size;
    this.#concurrency = concurrency;
    this.#writer = writer;
  }

  /** Starts the calls that have not been refused. */
  start(principal: Principal, client: AddressedClient): void {
    this.#principal = principal;
    this.#client = client;
    this.#fill();
  }

  /** Ends every call that has no answer yet. */
  refuse(error: HolonError): void {
    // Without a principal, no other call is started when one of these ends.
    this.#principal = undefined;
    for (const call of this.calls) call.refuse(error);
  }

  settled(call: EdgeCall): void {
    if (call.isStarted) this.#runningCount--;
    this.#settledCount++;
    this.#writer.settled(call);
    if (this.#settledCount === this.#size) this.#writer.finished(this.calls);
    else if (this.#principal !== undefined) this.#fill();
  }

  #fill(): void {
    while (this.#runningCount < this.#concurrency && this.#nextIndex < this.calls.length) {
      const call = this.calls[this.#nextIndex++] as EdgeCall;
      if (call.isSettled) continue;
      this.#runningCount++;
      call.start(this.#principal as Principal, this.#client as AddressedClient);
    }
  }
}
