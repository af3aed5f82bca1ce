import { isContention, isLockTimeout } from "../../data/database-error.ts";
import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { Logger } from "../../kernel/log.ts";
import { isCutOff } from "../../kernel/origin.ts";
import { reasonOfAttempt, WAS_CUT_OFF } from "../engine/cut-off.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import { REASON_LENGTH } from "./event-judgement.ts";
import type { EventLimits } from "./event-limits.ts";
import type { EventMessage } from "./event-message.ts";
import type { FailedAttempt } from "./failed-attempt.ts";
import type { Inbox } from "./inbox.ts";

/** After an attempt that met locked rows, the waits begin at this many times the usual first wait. */
const CONTENTION_WAIT = 8;

/**
 * Why an attempt failed. `handler`: the handler threw. `contention`: another transaction had locked rows; this never counts as a failure. `cut off`: the
 * attempt was ended from outside; this counts if the attempt before was cut off too.
 */
type Cause = "handler" | "contention" | "cut off";

const COUNTED: Readonly<Record<Cause, SQL>> = {
  handler: sql`1`,
  contention: sql`0`,
  "cut off": sql`case when ${WAS_CUT_OFF} then 1 else 0 end`,
};

const SAID: Readonly<Record<Cause, string>> = {
  handler: "the handler of an event failed and is tried again",
  contention: "the handler of an event met rows that other transactions have locked; it is tried again, and no attempt is counted",
  "cut off":
    "the handler of an event was cut off; it is tried again, and a cut-off is counted as a failure only if the attempt before was cut off too",
};

interface EventFailuresDeps {
  readonly database: WorkDatabase;
  readonly inbox: Inbox;
  readonly limits: EventLimits;
  readonly random: () => number;
  readonly log: Logger;
  /** Called when held events may be due. */
  readonly wakeHeld: () => void;
}

/**
 * Counts the failed attempts of events. After a failed attempt an event is held until the next one; after the last one it is parked.
 *
 * Locked rows and deadlocks do not count as failures of a handler: its event is held, and is tried again until the other transactions have ended. An attempt
 * that was cut off from outside does not count either, the first time in a row, see {@link WAS_CUT_OFF}.
 */
export class EventFailures {
  readonly #deps: EventFailuresDeps;

  constructor(deps: EventFailuresDeps) {
    this.#deps = deps;
  }

  /** Notes that an attempt failed. Errors: those of the database. */
  async note(producer: string, message: EventMessage, error: unknown): Promise<void> {
    const { database, inbox, limits, random, log, wakeHeld } = this.#deps;
    const cause = causeOf(error);
    const failure: FailedAttempt = {
      reason: reasonOfAttempt(error, REASON_LENGTH),
      counted: COUNTED[cause],
      last: limits.attemptsCount,
      // Another transaction may keep a row locked for minutes.
      firstMs: cause === "contention" ? CONTENTION_WAIT * limits.backoffFirstMs : limits.backoffFirstMs,
      greatestMs: limits.backoffGreatestMs,
      part: random(),
    };
    const outcome = await database.transaction("note a failed event", (tx) => inbox.fail(tx, producer, message, failure));
    if (outcome === undefined) return;
    const fields = { err: error, event: `${producer}.${message.name}`, eventId: message.id, attempt: outcome.attempts };
    if (outcome.state === "parked") log.error(fields, "an event is parked: its handler failed too often; release or skip it");
    else log.warn(fields, SAID[cause]);
    wakeHeld();
  }
}

function causeOf(error: unknown): Cause {
  if (isContention(error) || isLockTimeout(error)) return "contention";
  return isCutOff(error) ? "cut off" : "handler";
}
