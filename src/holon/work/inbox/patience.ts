import { type Clock, fullJitterMs, isHolonError, type TimerWheel, WheelEntry } from "../../kernel/index.ts";

/** What waiting for a database that is away needs. */
export interface Patience {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly random: () => number;
  /** Nobody waits any more once this says so. */
  readonly over: () => boolean;
}

/** A restarted database is there again after some seconds; what takes longer comes again by itself. */
const ATTEMPTS = 8;
const BOUNDS = { firstMs: 100, greatestMs: 4_000 };

/** Runs work again where the database was away or busy. Errors: those of the last attempt, or any other at once. */
export async function repeatedly<Result>(patience: Patience, run: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const passing = isHolonError(error) && (error.code === "UNAVAILABLE" || error.code === "OVERLOADED" || error.code === "CONFLICT");
      if (!passing || attempt >= ATTEMPTS || patience.over()) throw error;
      await new Pause().wait(patience, 20 + fullJitterMs(attempt, BOUNDS, patience.random));
    }
  }
}

class Pause extends WheelEntry {
  #resolve: () => void = () => {};

  wait({ wheel, clock }: Patience, ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      wheel.add(this, clock.monotonicMs() + ms);
    });
  }

  override expire(): void {
    this.#resolve();
  }
}
