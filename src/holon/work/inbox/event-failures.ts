import { type Logger, storableText } from "../../kernel/index.ts";
import { describeError } from "../../observe/index.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import { REASON_LENGTH } from "./event-judgement.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventMessage } from "./event-message.ts";
import type { Inbox } from "./inbox.ts";

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

/** Counts the failed attempts of events: each is held until its next one, and parked after the last. */
export class EventFailures {
  readonly #parts: EventFailuresParts;

  constructor(parts: EventFailuresParts) {
    this.#parts = parts;
  }

  /** Counts one. Errors: the database's. */
  async note(producer: string, message: EventMessage, error: unknown): Promise<void> {
    const { database, inbox, limits, random, log, wakeHeld } = this.#parts;
    const failure = {
      reason: storableText(describeError(error), REASON_LENGTH),
      attempts: limits.attemptsCount,
      firstMs: limits.backoffFirstMs,
      greatestMs: limits.backoffGreatestMs,
      part: random(),
    };
    const outcome = await database.transaction("note a failed event", (tx) => inbox.fail(tx, producer, message, failure));
    if (outcome === undefined) return;
    const fields = { err: error, event: `${producer}.${message.name}`, eventId: message.id, attempt: outcome.attempts };
    if (outcome.state === "parked") log.error(fields, "an event is parked: its handler failed too often; release or skip it");
    else log.warn(fields, "the handler of an event failed and is tried again");
    wakeHeld();
  }
}
