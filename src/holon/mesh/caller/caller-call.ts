import type { HolonError } from "../../kernel/holon-error.ts";
import type { Scope } from "../../kernel/scope.ts";
import { type CallerConnection, CallerExchange } from "./caller-exchange.ts";

/**
 * A call in flight.
 *
 *   sent --answer--> resolved
 *   sent --failure, connection lost--> rejected
 *   sent --deadline, scope cancelled--> rejected, and a cancel frame is sent
 */
export class CallerCall extends CallerExchange {
  readonly promise: Promise<unknown>;
  #resolve!: (value: unknown) => void;
  #reject!: (error: HolonError) => void;

  constructor(connection: CallerConnection, id: number, path: string, scope: Scope, sentAs: number) {
    super(connection, id, path, scope, sentAs);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override get isStream(): boolean {
    return false;
  }

  override end(value: unknown): void {
    this.letGo();
    this.#resolve(value);
  }

  override fail(error: HolonError): void {
    this.letGo();
    this.#reject(error);
  }

  override item(): boolean {
    return false;
  }
}
