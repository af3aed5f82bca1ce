/** Least time between two signals of one context and process; what is appended meanwhile goes with the next one. */
const SPACING_MS = 5;

/**
 * Tells other processes that rows were appended: at once where nothing was told lately, and else a little later, once for all.
 *
 * It is sent after the commit and not inside: a transaction that notifies takes a lock at its commit that all others who notify wait for.
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

  /** Sends what is due. */
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

  /** One that fails is not sent again: those who wait look by themselves too. */
  async #attempt(): Promise<void> {
    this.#due = false;
    try {
      await this.#send();
    } catch {
      // The database is away, or busy; see above.
    }
  }
}
