/** The options of {@link waitFor}. */
export interface WaitForOptions {
  readonly patienceMs: number;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const LOOK_MS = 250;

/** Calls `look` until its result is right or the time is over. Shape: the last result. */
export async function waitFor<Seen>(look: () => Promise<Seen>, isRight: (seen: Seen) => boolean, options: WaitForOptions): Promise<Seen> {
  const untilMs = options.nowMs() + options.patienceMs;
  for (;;) {
    const seen = await look();
    if (isRight(seen) || options.nowMs() >= untilMs) return seen;
    await options.sleep(LOOK_MS);
  }
}
