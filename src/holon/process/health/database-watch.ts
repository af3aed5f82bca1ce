import type { Closable } from "../../kernel/index.ts";

const EVERY_MS = 2_000;

/** A database that can be asked whether it answers. */
export interface Pingable {
  ping(): Promise<void>;
}

/** Asks every database now and then whether it answers, so that readiness can be told at once. */
export class DatabaseWatch implements Closable {
  readonly #silent = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(databases: ReadonlyMap<string, Pingable>) {
    this.#timer = setInterval(() => {
      for (const [name, database] of databases) void this.#ask(name, database);
    }, EVERY_MS);
    this.#timer.unref();
  }

  /** Names of the databases that did not answer when last asked. */
  get silent(): ReadonlySet<string> {
    return this.#silent;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #ask(name: string, database: Pingable): Promise<void> {
    try {
      await database.ping();
      this.#silent.delete(name);
    } catch {
      this.#silent.add(name);
    }
  }
}
