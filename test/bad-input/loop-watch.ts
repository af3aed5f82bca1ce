/** Watches how long the event loop of this thread is held, by looking at each of its rounds. It keeps the processor busy meanwhile. */
export class LoopWatch {
  #longestMs = 0;
  #isOn = true;

  constructor() {
    let lastMs = performance.now();
    const look = (): void => {
      const nowMs = performance.now();
      this.#longestMs = Math.max(this.#longestMs, nowMs - lastMs);
      lastMs = nowMs;
      if (this.#isOn) setImmediate(look);
    };
    setImmediate(look);
  }

  /** Ends the watch. Shape: the longest round, in milliseconds. */
  stop(): number {
    this.#isOn = false;
    return this.#longestMs;
  }
}
