/** Lets a fixed number of pieces of work run at the same time; the others wait in a queue. */
export class Semaphore {
  readonly #count: number;
  readonly #waiting = new Set<() => void>();
  #inUse = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** Places that are taken. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Pieces of work that wait for a place. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Places that are free. */
  get free(): number {
    return this.#count - this.#inUse;
  }

  /** Takes a place if one is free. Give it back with {@link leave}. */
  tryEnter(): boolean {
    if (this.#inUse >= this.#count) return false;
    this.#inUse++;
    return true;
  }

  /** Takes a place, as soon as one is free. */
  async enter(): Promise<void> {
    if (!this.tryEnter()) await new Promise<void>((resolve) => this.wait(resolve));
  }

  /**
   * Waits in the queue, after {@link tryEnter} has found no free place. `onEntered` is called once, when a place was taken for it. The returned function ends
   * the wait. After `onEntered` was called, it has no effect.
   */
  wait(onEntered: () => void): () => void {
    // Each wait has a new function as its entry, because the same `onEntered` may wait twice.
    const entry = (): void => onEntered();
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  }

  /** Gives the place to the entry that has waited longest, or frees it. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#inUse--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  /** Takes a place, runs the work, and gives the place back. Errors: those of the work. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.enter();
    try {
      return await work();
    } finally {
      this.leave();
    }
  }
}
