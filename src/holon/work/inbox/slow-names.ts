import type { Clock } from "../../kernel/index.ts";
import type { EventName } from "./inbox.ts";

/**
 * Names of events whose handler failed here a short while ago, and took long: what it waits for hangs. Meanwhile their events are held, and those that are
 * held are left alone, so that events of other names get their turn.
 */
export class SlowNames {
  readonly #clock: Clock;
  readonly #pauseMs: number;
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock, pauseMs: number) {
    this.#clock = clock;
    this.#pauseMs = pauseMs;
  }

  note({ producer, name }: EventName): void {
    this.#untilMs.set(`${producer}.${name}`, this.#clock.monotonicMs() + this.#pauseMs);
  }

  has({ producer, name }: EventName): boolean {
    const untilMs = this.#untilMs.get(`${producer}.${name}`);
    return untilMs !== undefined && this.#clock.monotonicMs() < untilMs;
  }
}
