import type { StatementRunner } from "./statement-runner.ts";

/**
 * The part of a postgres.js client that Drizzle uses. It hands every statement to a runner.
 *
 * Here deadline, pool and typed errors are added between Drizzle and Postgres.
 */
export class DrizzleClient {
  readonly #runner: StatementRunner;

  constructor(runner: StatementRunner) {
    this.#runner = runner;
  }

  unsafe(text: string, params: readonly unknown[] = [], options: { readonly prepare?: boolean } = {}): DrizzleStatement {
    return new DrizzleStatement(this.#runner, text, params, options.prepare ?? false);
  }
}

/** A statement that runs when it is awaited, like one of postgres.js. */
class DrizzleStatement implements PromiseLike<unknown[]> {
  readonly #runner: StatementRunner;
  readonly #text: string;
  readonly #params: readonly unknown[];
  readonly #prepare: boolean;

  constructor(runner: StatementRunner, text: string, params: readonly unknown[], prepare: boolean) {
    this.#runner = runner;
    this.#text = text;
    this.#params = params;
    this.#prepare = prepare;
  }

  values(): Promise<unknown[]> {
    return this.#run("arrays");
  }

  // biome-ignore lint/suspicious/noThenProperty: Drizzle awaits it, as it awaits a query of postgres.js.
  then<A, B>(
    fulfilled?: ((rows: unknown[]) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#run("objects").then(fulfilled, rejected);
  }

  #run(rows: "arrays" | "objects"): Promise<unknown[]> {
    return this.#runner.run({ text: this.#text, params: this.#params, prepare: this.#prepare, rows });
  }
}
