/**
 * Measures how long the event loop of this thread is blocked, by measuring each of its iterations. It keeps the processor busy meanwhile.
 *
 * An iteration counts with the smaller of its duration and the CPU time of this process in it, so that the load of other programs does not count.
 */
export class LoopWatch {
  #longestMs = 0;
  #isOn = true;

  constructor() {
    let last = now();
    const look = (): void => {
      const at = now();
      this.#longestMs = Math.max(this.#longestMs, Math.min(at.wallMs - last.wallMs, at.busyMs - last.busyMs));
      last = at;
      if (this.#isOn) setImmediate(look);
    };
    setImmediate(look);
  }

  /** Ends the measurement. Shape: the longest iteration, in milliseconds. */
  stop(): number {
    this.#isOn = false;
    return this.#longestMs;
  }
}

function now(): { readonly wallMs: number; readonly busyMs: number } {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), busyMs: (user + system) / 1_000 };
}
