import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { EventMessage, EventName } from "./event-message.ts";
import type { HandlerBlame } from "./handler-blame.ts";

/** A part of the time that a handler may take. After this part, a transaction takes no further event, and a handler that fails counts as slow. */
export const SLOW_PART = 0.25;

/** How long each event of a name has a transaction of its own, after a handler of that name met locked rows. */
const CONTENDED_MS = 60_000;

/** Names of events that this process treats differently for a while, because of what their handlers did. */
class NamePauses {
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

interface HandlerPausesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Longest time that a handler may take. */
  readonly handlerMs: number;
}

/**
 * Remembers which handlers of this process were slow or contended lately.
 *
 * Slow: a handler took long and failed, so what it waits for seems to hang. For a while, new events of its name are held, and held ones are not tried, so that
 * events of other names get their turn.
 *
 * Contended: a transaction of several events met a deadlock, or did not get a row in time. Such a transaction locks rows in the order of its events. Two such
 * transactions that change the same rows wait for each other, for a second each time, and would do so again. So for a while, each event of these names has a
 * transaction of its own.
 */
export class HandlerPauses {
  readonly #deps: HandlerPausesDeps;
  readonly #slow: NamePauses;
  readonly #contended: NamePauses;

  constructor(deps: HandlerPausesDeps) {
    this.#deps = deps;
    this.#slow = new NamePauses(deps.clock, deps.handlerMs);
    this.#contended = new NamePauses(deps.clock, CONTENDED_MS);
  }

  isSlow(name: EventName): boolean {
    return this.#slow.has(name);
  }

  isContended(name: EventName): boolean {
    return this.#contended.has(name);
  }

  /** Notes whether a handler was slow when it failed. Returns its event; undefined if none was slow. */
  noteSlow<Event extends EventMessage>(producer: string, blame: HandlerBlame<Event>, error: unknown): Event | undefined {
    const slow = blame.slowEvent(this.#deps.handlerMs * SLOW_PART);
    if (slow === undefined) return undefined;
    this.#slow.note({ producer, name: slow.name });
    this.#deps.log.warn(
      { err: error, event: `${producer}.${slow.name}`, eventId: slow.id },
      "the handler of an event took long and failed; other events of its name are held for a while",
    );
    return slow;
  }

  /**
   * Notes a deadlock, or a row that was not released in time, in a transaction of these events: for the event whose handler met it, or for all of these events
   * if that event is not known.
   */
  noteContended<Event extends EventMessage>(producer: string, { event }: HandlerBlame<Event>, events: readonly Event[]): void {
    const names = new Set((event === undefined ? events : [event]).map(({ name }) => name));
    for (const name of names) this.#contended.note({ producer, name });
    this.#deps.log.warn(
      { events: [...names].map((name) => `${producer}.${name}`) },
      `handlers in a transaction of several events met a deadlock, or a row that stayed locked for too long; for ${CONTENDED_MS / 1_000} s each event of these names has a transaction of its own`,
    );
  }
}
