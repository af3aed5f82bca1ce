import { type Clock, type Closable, type Logger, type TimerWheel, WheelEntry } from "../../kernel/index.ts";

/** What a {@link Poller} is made from. */
export interface PollerOptions {
  /** Named in the log. */
  readonly task: string;
  /** How long to wait where nobody wakes it. */
  readonly everyMs: number;
  /** Does a piece of the work. Returns whether there may be more to do at once. */
  readonly run: () => Promise<boolean>;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
}

/**
 * Work that is done when somebody says so, and now and then in any case; never twice at once in one process.
 *
 *     idle --wake, or everyMs passed--> running --nothing left--> idle
 *     running --wake--> running, and once more
 *     any --close()--> closed, after the running piece
 */
export class Poller extends WheelEntry implements Closable {
  readonly #options: PollerOptions;
  #running: Promise<void> | undefined = undefined;
  #woken = false;
  #closed = false;

  constructor(options: PollerOptions) {
    super();
    this.#options = options;
  }

  wake(): void {
    this.#woken = true;
    if (this.#closed || this.#running !== undefined) return;
    this.#options.wheel.remove(this);
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
      if (this.#closed) return;
      if (this.#woken) this.wake();
      else this.#options.wheel.add(this, this.#options.clock.monotonicMs() + this.#options.everyMs);
    });
  }

  override expire(): void {
    this.wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.wheel.remove(this);
    await this.#running;
  }

  async #work(): Promise<void> {
    try {
      for (let more = true; more && !this.#closed; ) {
        this.#woken = false;
        more = await this.#options.run();
      }
    } catch (error) {
      // What failed is tried again at the next look: a failure must not make a loop without a pause.
      this.#woken = false;
      if (!this.#closed) this.#options.log.warn({ err: error, task: this.#options.task }, "work that waits could not go on; it is tried again");
    }
  }
}
