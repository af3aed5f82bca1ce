import { type Clock, type TimerWheel, WheelEntry } from "../../kernel/index.ts";

/** A run whose body waits for something that is not a step, and may never end. */
export interface HangingRun {
  readonly id: string;
  /** As `<name>@<version>`. */
  readonly workflow: string;
  /** The step that the body came to last; undefined if it came to none. */
  readonly lastStep: string | undefined;
  /** For how long nothing has happened. */
  readonly forMs: number;
}

/** What {@link BodyWatch} needs. */
export interface BodyWatchParts {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** How long a body may wait for what is not a step before that is said. */
  readonly firstMs: number;
  /** After how long it is said again. */
  readonly againMs: number;
  readonly onLong: (forMs: number) => void;
}

/**
 * Watches a body that waits for a promise that is not a step. Nothing of the run can be seen meanwhile, and its place in the process is taken.
 *
 *     off --begin--> waiting --firstMs--> long, said --againMs--> said again
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

  /** For how long the body has waited, once that is long. */
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
