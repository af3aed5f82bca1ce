import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, isHolonError } from "../../kernel/index.ts";

const AGAIN_MS = 250;

/**
 * Writes to a database that may be away or busy for a while, such as during a restart, which must not turn the end of a run into a death.
 *
 * The write may happen more than once. Errors: the last one, when the time is up; any other at once.
 */
export async function persistently<Result>(clock: Clock, forMs: number, write: () => Promise<Result>): Promise<Result> {
  const untilMs = clock.monotonicMs() + forMs;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      const isPassing = isHolonError(error, "UNAVAILABLE") || isHolonError(error, "OVERLOADED");
      if (!isPassing || clock.monotonicMs() >= untilMs) throw error;
      await sleep(AGAIN_MS);
    }
  }
}
