/** What {@link waitFor} needs. */
export interface WaitForOptions {
  readonly patienceMs: number;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const LOOK_MS = 250;

/** Looks again and again until what is seen is right, or patience ends. Shape: what was seen last. */
export async function waitFor<Seen>(look: () => Promise<Seen>, isRight: (seen: Seen) => boolean, options: WaitForOptions): Promise<Seen> {
  const untilMs = options.nowMs() + options.patienceMs;
  for (;;) {
    const seen = await look();
    if (isRight(seen) || options.nowMs() >= untilMs) return seen;
    await options.sleep(LOOK_MS);
  }
}
