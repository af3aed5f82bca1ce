import type { Closable, Logger } from "../../kernel/index.ts";

const EVERY_MS = 2_000;

/** A database that can be asked whether it answers. */
export interface Pingable {
  ping(): Promise<void>;
}

/** Asks every database now and then whether it answers, so that readiness can be told at once. Each is asked once at a time. */
export class DatabaseWatch implements Closable {
  readonly #silent = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(databases: ReadonlyMap<string, Pingable>, log: Logger) {
    this.#log = log;
    this.#timer = setInterval(() => {
      for (const [name, database] of databases) if (!this.#asked.has(name)) void this.#ask(name, database);
    }, EVERY_MS);
    this.#timer.unref();
  }

  /** Names of the databases that did not answer when last asked. */
  get silent(): ReadonlySet<string> {
    return this.#silent;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #ask(name: string, database: Pingable): Promise<void> {
    this.#asked.add(name);
    try {
      await database.ping();
      if (this.#silent.delete(name)) this.#log.info({ context: name }, "the database of this context answers again");
    } catch (error) {
      // A database that is being closed answers nothing either.
      if (this.#closed) return;
      if (!this.#silent.has(name)) this.#log.warn({ context: name, err: error }, "the database of this context does not answer");
      this.#silent.add(name);
    } finally {
      this.#asked.delete(name);
    }
  }
}
