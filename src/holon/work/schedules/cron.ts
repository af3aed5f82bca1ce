import { type CronExpression, CronExpressionParser } from "cron-parser";

const HOURS_OF_A_DAY = 24;

/**
 * When a cron expression is due next, after a moment; milliseconds since 1970.
 *
 * An expression that names each hour comes at intervals: it is due at each moment at which the clocks show a time that it names. Any other expression names
 * fixed local times, and is due once for each. If a time does not exist, because the clocks skip it, the expression is due right after the gap. If a time
 * exists twice, it is due at the first moment. The parser only finds the local times of an expression, without a zone: with a zone, it was seen to lose a day
 * when the clocks jump at midnight.
 *
 * Errors: those of the parser, for an expression that it does not understand; RangeError for a time zone that does not exist.
 */
export function nextTickMs(cron: string, timeZone: string, afterMs: number): number {
  const clock = new ZoneClock(timeZone);
  const expression = parse(cron, clock.latestLocalMs(afterMs));
  const comesAtIntervals = expression.fields.hour.values.length === HOURS_OF_A_DAY;
  return comesAtIntervals ? nextShownMs(cron, clock, afterMs) : clock.firstShownMs(expression.next().getTime());
}

/** The next moment at which the clocks show a time of the expression. */
function nextShownMs(cron: string, clock: ZoneClock, afterMs: number): number {
  const localMs = clock.localMs(afterMs);
  const nextMs = afterMs + nextLocalMs(cron, localMs) - localMs;
  const change = clock.nextChange(afterMs, nextMs);
  if (change === undefined) return nextMs;
  // From the change on, the clocks show other times. The moment of the change may itself be the tick.
  return nextShownFromMs(cron, clock, change.atMs);
}

function nextShownFromMs(cron: string, clock: ZoneClock, fromMs: number): number {
  const shownMs = clock.localMs(fromMs);
  return nextLocalMs(cron, shownMs - 1) === shownMs ? fromMs : nextShownMs(cron, clock, fromMs);
}

/** The first local time after `localMs` that the cron expression names. Clock changes are ignored. */
function nextLocalMs(cron: string, localMs: number): number {
  return parse(cron, localMs).next().getTime();
}

function parse(cron: string, localMs: number): CronExpression {
  return CronExpressionParser.parse(cron, { currentDate: localMs, tz: "UTC" });
}

const HOUR_MS = 3_600_000;

/** Longest step by which clocks were ever moved: a day, when a country changed its side of the date line. */
const LONGEST_CHANGE_MS = 24 * HOUR_MS;

/** No zone changes its clocks twice within this time. */
const LOOK_MS = 12 * HOUR_MS;

/** A moment at which the clocks of a zone were moved. */
interface ClockChange {
  /** The first moment with the new offset; milliseconds since 1970. */
  readonly atMs: number;
  /** The local time that the clocks would have shown at that moment without the change. */
  readonly beforeMs: number;
}

/**
 * The clocks of a time zone. A local time is a number: the milliseconds since 1970 that UTC would have with the same date and time.
 *
 * Errors: RangeError for a zone that the time zone database of Node does not have.
 */
class ZoneClock {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    const numeric = "numeric" as const;
    const parts = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
    this.#format = new Intl.DateTimeFormat("en-US", { timeZone, calendar: "iso8601", hourCycle: "h23", ...parts });
  }

  /** The local time at a moment. */
  localMs(atMs: number): number {
    const secondMs = Math.floor(atMs / 1_000) * 1_000;
    const parts = Object.fromEntries(this.#format.formatToParts(secondMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) + (atMs - secondMs);
  }

  /** The latest local time that was shown up to a moment. It is later than the local time at that moment if the clocks were put back shortly before. */
  latestLocalMs(atMs: number): number {
    const change = this.nextChange(atMs - LONGEST_CHANGE_MS, atMs);
    return Math.max(this.localMs(atMs), change === undefined ? 0 : change.beforeMs - 1);
  }

  /** The first moment at which the clocks show this local time or a later one: the end of a gap, or the first of two moments with the same time. */
  firstShownMs(localMs: number): number {
    const [fromMs, toMs] = [localMs - LONGEST_CHANGE_MS, localMs + LONGEST_CHANGE_MS];
    const change = this.nextChange(fromMs, toMs);
    if (change === undefined || localMs < change.beforeMs) return localMs - this.#offsetMs(fromMs);
    return Math.max(change.atMs, localMs - this.#offsetMs(change.atMs));
  }

  /** The first change of the clocks of the zone after `afterMs`, up to `toMs`. */
  nextChange(afterMs: number, toMs: number): ClockChange | undefined {
    const offsetMs = this.#offsetMs(afterMs);
    let sameMs = afterMs;
    while (sameMs < toMs) {
      let otherMs = Math.min(sameMs + LOOK_MS, toMs);
      if (this.#offsetMs(otherMs) === offsetMs) {
        sameMs = otherMs;
        continue;
      }
      while (otherMs - sameMs > 1) {
        const middleMs = Math.floor((sameMs + otherMs) / 2);
        if (this.#offsetMs(middleMs) === offsetMs) sameMs = middleMs;
        else otherMs = middleMs;
      }
      return { atMs: otherMs, beforeMs: otherMs + offsetMs };
    }
    return undefined;
  }

  #offsetMs(atMs: number): number {
    return this.localMs(atMs) - atMs;
  }
}
