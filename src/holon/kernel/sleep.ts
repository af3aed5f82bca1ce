import type { Clock } from "./clock.ts";
import { type TimerWheel, WheelEntry } from "./timer-wheel.ts";

/** The clock and the timer wheel that a wait runs on. */
export interface SleepDeps {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
}

/** A wait that may be ended early. */
export class Sleep extends WheelEntry {
  readonly ended: Promise<void>;
  readonly #wheel: TimerWheel;
  #resolve: () => void = () => {};

  /** Units: milliseconds, rounded up to the next slot of the wheel. */
  constructor({ clock, wheel }: SleepDeps, ms: number) {
    super();
    this.#wheel = wheel;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    wheel.add(this, clock.monotonicMs() + ms);
  }

  /** Ends the wait now. */
  wake(): void {
    this.#wheel.remove(this);
    this.#resolve();
  }

  override expire(): void {
    this.#resolve();
  }
}
