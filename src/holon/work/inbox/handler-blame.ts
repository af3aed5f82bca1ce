import { isContention, isLockTimeout } from "../../data/index.ts";
import type { Clock } from "../../kernel/index.ts";

/** An event whose handler was called, and has not returned. */
interface Attempt<Event> {
  readonly event: Event;
  readonly sinceMs: number;
}

/**
 * Whether a handler or a check of the payload threw, which decides what a failure means; its code does not. A handler that throws UNAVAILABLE, since a mail server is
 * away, has failed. If the database was away under it, noting its failure fails too, and no attempt is counted.
 */
export class HandlerBlame<Event> {
  isHandlers = false;
  /** Whether a handler was called: only then is it known that it is the turn of an event. */
  wasCalled = false;
  readonly #clock: Clock;
  #attempt: Attempt<Event> | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Forgets what happened: the transaction is rolled back, and begins again. */
  reset(): void {
    this.isHandlers = false;
    this.wasCalled = false;
    this.#attempt = undefined;
  }

  /**
   * Whether others stood in a handler's way: a deadlock, or a row that they kept for too long. A key that was not given free in time is waited for before any
   * handler, and says nothing of the handlers.
   */
  isContention(error: unknown): boolean {
    return isContention(error) || (this.isHandlers && isLockTimeout(error));
  }

  /** A check of the schema is the app's code too, and may throw. */
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

  /** The event whose handler failed, or was given up; undefined if no handler failed. */
  get event(): Event | undefined {
    return this.#attempt?.event;
  }

  /** The same, if that was after so long. */
  slowEvent(ms: number): Event | undefined {
    const attempt = this.#attempt;
    return attempt !== undefined && this.#clock.monotonicMs() - attempt.sinceMs >= ms ? attempt.event : undefined;
  }

  /** When that handler was called, or the one that is under way. Units: milliseconds of the monotonic clock. */
  get sinceMs(): number | undefined {
    return this.#attempt?.sinceMs;
  }
}
