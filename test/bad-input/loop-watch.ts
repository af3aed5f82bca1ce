/**
 * Watches how long the event loop of this thread is held, by looking at each of its rounds. It keeps the processor busy meanwhile.
 *
 * A round counts with its time or with the processor time that this process had in it, whichever is less: what other programs of a busy machine
 * take is not the loop's.
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

  /** Ends the watch. Shape: the longest round, in milliseconds. */
  stop(): number {
    this.#isOn = false;
    return this.#longestMs;
  }
}

function now(): { readonly wallMs: number; readonly busyMs: number } {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), busyMs: (user + system) / 1_000 };
}
