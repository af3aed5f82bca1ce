import { isContention, isLockTimeout } from "../../data/database-error.ts";
import type { Clock } from "../../kernel/clock.ts";

/** An event whose handler was called and has not returned. */
interface Attempt<Event> {
  readonly event: Event;
  readonly sinceMs: number;
}

/**
 * Whether a handler, or the check of a payload, threw. That decides what a failure means. The code of the error does not: a handler that throws UNAVAILABLE
 * because a mail server is away has failed. If the database was away while a handler ran, the failure cannot be written either, so no attempt is counted.
 */
export class HandlerBlame<Event> {
  isHandlers = false;
  /** Whether a handler was called. If none was called, it is not known whether it was the turn of an event. */
  wasCalled = false;
  readonly #clock: Clock;
  #attempt: Attempt<Event> | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Forgets what happened, because the transaction was rolled back and starts again. */
  reset(): void {
    this.isHandlers = false;
    this.wasCalled = false;
    this.#attempt = undefined;
  }

  /**
   * Whether another transaction blocked a handler: by a deadlock, or by a row that stayed locked for too long. A key that was not released in time does not
   * count, because the wait for a key comes before any handler.
   */
  isContention(error: unknown): boolean {
    return isContention(error) || (this.isHandlers && isLockTimeout(error));
  }

  /** Runs the check of a payload. It is code of the app, and may throw. */
  duringParse(parse: () => unknown): unknown {
    try {
      return parse();
    } catch (error) {
      this.isHandlers = true;
      throw error;
    }
  }

  async during(event: Event, handle: () => Promise<void>): Promise<void> {
    this.wasCalled = true;
    this.#attempt = { event, sinceMs: this.#clock.monotonicMs() };
    try {
      await handle();
      this.#attempt = undefined;
    } catch (error) {
      this.isHandlers = true;
      throw error;
    }
  }

  /** The event whose handler has failed, or was called and has not returned; undefined if all handlers that were called have returned. */
  get event(): Event | undefined {
    return this.#attempt?.event;
  }

  /** The event of {@link event}, if its handler was called at least `ms` ago; otherwise undefined. */
  slowEvent(ms: number): Event | undefined {
    const attempt = this.#attempt;
    return attempt !== undefined && this.#clock.monotonicMs() - attempt.sinceMs >= ms ? attempt.event : undefined;
  }

  /** When the handler that failed or is running was called. Units: milliseconds of the monotonic clock. */
  get sinceMs(): number | undefined {
    return this.#attempt?.sinceMs;
  }
}
