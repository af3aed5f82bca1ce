import type { Clock } from "../../kernel/clock.ts";
import { type TimerWheel, WheelEntry } from "../../kernel/timer-wheel.ts";

/** A run whose body waits for a promise that is not a step, and may never go on. */
export interface HangingRun {
  readonly id: string;
  /** As `<name>@<version>`. */
  readonly workflow: string;
  /** The last step that the body reached; undefined if it reached none. */
  readonly lastStep: string | undefined;
  /** How long the body has waited. */
  readonly forMs: number;
}

interface BodyWatchParts {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** How long a body may wait for a promise that is not a step before that is logged. */
  readonly firstMs: number;
  /** How long after that it is logged again. */
  readonly againMs: number;
  readonly onLong: (forMs: number) => void;
}

/**
 * Watches a body that waits for a promise that is not a step. Nothing of the run can be seen meanwhile, and it keeps its place in the process.
 *
 *     off --begin--> waiting --firstMs--> long, logged --againMs--> logged again
 *     waiting, long --end--> off
 */
export class BodyWatch extends WheelEntry {
  readonly #parts: BodyWatchParts;
  #sinceMs: number | undefined = undefined;
  #isLong = false;

  constructor(parts: BodyWatchParts) {
    super();
    this.#parts = parts;
  }

  /** How long the body has waited; undefined until that is long. */
  get longMs(): number | undefined {
    return this.#isLong && this.#sinceMs !== undefined ? this.#parts.clock.monotonicMs() - this.#sinceMs : undefined;
  }

  begin(): void {
    const { clock, wheel, firstMs } = this.#parts;
    this.#sinceMs = clock.monotonicMs();
    wheel.add(this, this.#sinceMs + firstMs);
  }

  end(): void {
    this.#sinceMs = undefined;
    this.#isLong = false;
    this.#parts.wheel.remove(this);
  }

  override expire(): void {
    const { clock, wheel, againMs, onLong } = this.#parts;
    this.#isLong = true;
    wheel.add(this, clock.monotonicMs() + againMs);
    onLong(this.longMs ?? 0);
  }
}
