import { catalogueError } from "../../kernel/holon-error.ts";
import type { Scope } from "../../kernel/scope.ts";
import type { KeyScope } from "./key-claim.ts";

/**
 * Keys that calls of this process are using now.
 *
 * Duplicates with `wait` wait here, without a connection. If they waited in the database, a few of them would take the whole pool from other
 * calls. Duplicates without `wait` ask the database, which may have the answer already, unless this process knows that the effect still runs.
 */
export class InFlightKeys {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #held = new Set<string>();

  /**
   * Runs work. Of the calls of this process with the same key and `wait`, one runs at a time. The work calls `hold` when it has the key.
   *
   * Errors: KEY_IN_FLIGHT, without `wait`, if other work holds the key; the scope's reason if it is cancelled while waiting.
   */
  async alone<Result>(scope: Scope, key: KeyScope, work: (hold: () => void) => Promise<Result>): Promise<Result> {
    const id = JSON.stringify([key.principal, key.procedure, key.key]);
    if (!key.wait && this.#held.has(id)) throw inFlight(key);
    let other = this.#running.get(id);
    for (; key.wait && other !== undefined; other = this.#running.get(id)) await settled(other, scope);
    let holds = false;
    const running = work(() => {
      holds = true;
      this.#held.add(id);
    });
    if (other === undefined) this.#running.set(id, running);
    try {
      return await running;
    } finally {
      if (holds) this.#held.delete(id);
      if (other === undefined) this.#running.delete(id);
    }
  }
}

/** The error of a duplicate that does not get the answer in time. */
export function inFlight(key: KeyScope): Error {
  return catalogueError("KEY_IN_FLIGHT", `A call of ${key.procedure} with the same idempotency key is still running.`);
}

function settled(other: Promise<unknown>, scope: Scope): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = scope.onCancel(reject);
    const done = () => {
      forget();
      resolve();
    };
    other.then(done, done);
  });
}
