/** The shortest time between two notifications of one context and process. Later rows go with the next notification. */
const SPACING_MS = 5;

/**
 * Notifies other processes that rows were appended: at once if none was sent lately, otherwise a little later, once for all rows.
 *
 * It is sent after the commit, not inside the transaction: a transaction that notifies takes a lock at its commit, for which all other notifying
 * transactions wait.
 */
export class AppendSignal {
  readonly #send: () => Promise<unknown>;
  #due = false;
  #closed = false;
  #sending: Promise<void> | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(send: () => Promise<unknown>) {
    this.#send = send;
  }

  appended(): void {
    this.#due = true;
    if (this.#sending === undefined && this.#timer === undefined && !this.#closed) this.#flush();
  }

  /** Sends the notification that is due. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#sending;
    if (this.#due) await this.#attempt();
  }

  #flush(): void {
    this.#sending = this.#attempt().finally(() => {
      this.#sending = undefined;
      if (this.#closed) return;
      this.#timer = setTimeout(() => this.#next(), SPACING_MS);
      this.#timer.unref();
    });
  }

  #next(): void {
    this.#timer = undefined;
    if (this.#due) this.#flush();
  }

  /** A failed notification is not sent again, because its receivers poll as well. */
  async #attempt(): Promise<void> {
    this.#due = false;
    try {
      await this.#send();
    } catch {
      // The database is unreachable or busy; see above.
    }
  }
}
