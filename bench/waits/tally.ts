/** Waits until a number of things have happened, and knows when the first and the last happened. */
export class Tally {
  readonly #count: number;
  readonly #done: Promise<void>;
  #resolve: () => void = () => {};
  #seen = 0;
  firstMs = Number.NaN;
  lastMs = Number.NaN;

  constructor(count: number) {
    this.#count = count;
    this.#done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Notes the time of the beginning, unless it was noted before. */
  begin(): void {
    if (Number.isNaN(this.firstMs)) this.firstMs = performance.now();
  }

  /** Counts one more thing. */
  note(): void {
    this.begin();
    this.#seen++;
    if (this.#seen !== this.#count) return;
    this.lastMs = performance.now();
    this.#resolve();
  }

  get seen(): number {
    return this.#seen;
  }

  all(): Promise<void> {
    return this.#done;
  }
}

/** Converts a count over some milliseconds to a rate a second. */
export function perSecond(count: number, ms: number): number {
  return count / (ms / 1000);
}

/** A quantile of the values. It sorts the array in place. */
export function quantile(values: number[], q: number): number {
  values.sort((one, other) => one - other);
  return values[Math.min(values.length - 1, Math.floor(q * values.length))] as number;
}
