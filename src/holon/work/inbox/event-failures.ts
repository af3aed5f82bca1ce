import { isContention, isLockTimeout } from "../../data/index.ts";
import { type Logger, storableText } from "../../kernel/index.ts";
import { describeError } from "../../observe/index.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import { REASON_LENGTH } from "./event-judgement.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventMessage } from "./event-message.ts";
import type { FailedAttempt } from "./failed-attempt.ts";
import type { Inbox } from "./inbox.ts";

/** How many times the first wait is the wait after an attempt that is not counted. */
const UNCOUNTED_WAIT = 8;

/** What {@link EventFailures} is made from. */
export interface EventFailuresParts {
  readonly database: WorkDatabase;
  readonly inbox: Inbox;
  readonly limits: EventLimits;
  readonly random: () => number;
  readonly log: Logger;
  /** Held events may be due. */
  readonly wakeHeld: () => void;
}

/**
 * Counts the failed attempts of events: each is held until its next one, and parked after the last.
 *
 * Rows that other transactions keep, and deadlocks with them, are no failure of a handler: its event is held, and tried again until they are done.
 */
export class EventFailures {
  readonly #parts: EventFailuresParts;

  constructor(parts: EventFailuresParts) {
    this.#parts = parts;
  }

  /** Notes that a handler failed. Errors: the database's. */
  async note(producer: string, message: EventMessage, error: unknown): Promise<void> {
    const { database, inbox, limits, random, log, wakeHeld } = this.#parts;
    const isCounted = !(isContention(error) || isLockTimeout(error));
    const failure: FailedAttempt = {
      reason: storableText(describeError(error), REASON_LENGTH),
      ...(isCounted ? { counted: 1, last: limits.attemptsCount } : { counted: 0, last: Number.MAX_SAFE_INTEGER }),
      // Others may keep a row for minutes.
      firstMs: isCounted ? limits.backoffFirstMs : UNCOUNTED_WAIT * limits.backoffFirstMs,
      greatestMs: limits.backoffGreatestMs,
      part: random(),
    };
    const outcome = await database.transaction("note a failed event", (tx) => inbox.fail(tx, producer, message, failure));
    if (outcome === undefined) return;
    const fields = { err: error, event: `${producer}.${message.name}`, eventId: message.id, attempt: outcome.attempts };
    if (outcome.state === "parked") log.error(fields, "an event is parked: its handler failed too often; release or skip it");
    else if (isCounted) log.warn(fields, "the handler of an event failed and is tried again");
    else log.warn(fields, "the handler of an event met rows that others keep; it is tried again, and no attempt is counted");
    wakeHeld();
  }
}
