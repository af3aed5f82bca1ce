import { isContention, isLockTimeout } from "../../data/database-error.ts";
import type { Clock } from "../../kernel/clock.ts";

/** An event whose handler was called and has not returned. */
interface Attempt<Event> {
  readonly event: Event;
  readonly sinceMs: number;
}

/**
 * Whether a handler, or the check of a payload, threw. That decides what a failure means; the error's code does not: a handler that throws UNAVAILABLE because
 * a mail server is away has failed. If the database was away while a handler ran, noting the failure fails too, and no attempt is counted.
 */
export class HandlerBlame<Event> {
  isHandlers = false;
  /** Whether a handler was called. Only then is it known that it was an event's turn. */
  wasCalled = false;
  readonly #clock: Clock;
  #attempt: Attempt<Event> | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Forgets what happened: the transaction is rolled back and starts again. */
  reset(): void {
    this.isHandlers = false;
    this.wasCalled = false;
    this.#attempt = undefined;
  }

  /**
   * Whether another transaction stood in a handler's way: by a deadlock, or by a row that it kept locked for too long. The wait for a key comes before any
   * handler, so a key that was not released in time says nothing about handlers.
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

  /** The event whose handler failed or was given up; undefined if no handler failed. */
  get event(): Event | undefined {
    return this.#attempt?.event;
  }

  /** The same event, if its handler was called at least `ms` ago. */
  slowEvent(ms: number): Event | undefined {
    const attempt = this.#attempt;
    return attempt !== undefined && this.#clock.monotonicMs() - attempt.sinceMs >= ms ? attempt.event : undefined;
  }

  /** When the handler was called that failed or is running. Units: milliseconds of the monotonic clock. */
  get sinceMs(): number | undefined {
    return this.#attempt?.sinceMs;
  }
}
