/** Waits until so many things have happened, and knows when the first and the last did. */
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

  /** Notes the beginning, where it has not begun. */
  begin(): void {
    if (Number.isNaN(this.firstMs)) this.firstMs = performance.now();
  }

  /** Notes that one more is done. */
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

/** How many a second, over a stretch of milliseconds. */
export function perSecond(count: number, ms: number): number {
  return count / (ms / 1000);
}

/** A quantile of values, which are sorted by that. */
export function quantile(values: number[], q: number): number {
  values.sort((one, other) => one - other);
  return values[Math.min(values.length - 1, Math.floor(q * values.length))] as number;
}
