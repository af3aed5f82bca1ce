import type { Scope } from "../../kernel/index.ts";
import type { KeyScope } from "./key-claim.ts";

/**
 * Keys that calls of this process are using at this moment.
 *
 * Duplicates wait here, without a connection: waiting in the database, a handful of them would take the whole pool away from other calls.
 */
export class InFlightKeys {
  readonly #running = new Map<string, Promise<unknown>>();

  /** Runs work alone among the calls of this process with the same key. Errors: the scope's reason, where it is cancelled while waiting. */
  async alone<Result>(scope: Scope, key: KeyScope, work: () => Promise<Result>): Promise<Result> {
    const id = JSON.stringify([key.principal, key.procedure, key.key]);
    for (let other = this.#running.get(id); other !== undefined; other = this.#running.get(id)) await settled(other, scope);
    const running = work();
    this.#running.set(id, running);
    try {
      return await running;
    } finally {
      this.#running.delete(id);
    }
  }
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
