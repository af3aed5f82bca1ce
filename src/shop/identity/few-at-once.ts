import { catalogueError } from "holon";

/** The limits of {@link FewAtOnce}. */
export interface FewAtOnceOptions {
  /** How many tasks run at the same time. */
  readonly runningCount: number;
  /** How many more may wait. */
  readonly waitingCount: number;
}

/** Runs costly tasks, a few at a time, in the order in which they come. */
export class FewAtOnce {
  readonly #options: FewAtOnceOptions;
  readonly #waiting: (() => void)[] = [];
  #runningCount = 0;

  constructor(options: FewAtOnceOptions) {
    this.#options = options;
  }

  /** Errors: OVERLOADED if too many tasks wait already; then the task does not start. Errors of the task are passed on. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#runningCount--;
      else next();
    }
  }

  async #turn(): Promise<void> {
    const { runningCount, waitingCount } = this.#options;
    if (this.#runningCount < runningCount) {
      this.#runningCount++;
      return;
    }
    if (this.#waiting.length >= waitingCount) throw catalogueError("OVERLOADED", "Too many requests of this kind are waiting; try again later.");
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
