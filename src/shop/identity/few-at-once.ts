import { catalogueError } from "holon";

/** What {@link FewAtOnce} lets in. */
export interface FewAtOnceOptions {
  /** Works that go on at the same time. */
  readonly runningCount: number;
  /** More that wait their turn. */
  readonly waitingCount: number;
}

/** Does costly work few at a time, in the sequence in which it came. */
export class FewAtOnce {
  readonly #options: FewAtOnceOptions;
  readonly #waiting: (() => void)[] = [];
  #runningCount = 0;

  constructor(options: FewAtOnceOptions) {
    this.#options = options;
  }

  /** Errors: OVERLOADED where too many wait already, before the work begins; whatever the work fails with. */
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
    if (this.#waiting.length >= waitingCount) throw catalogueError("OVERLOADED", "Too much of this is going on; try again later.");
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
