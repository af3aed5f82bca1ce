import { type CronExpression, CronExpressionParser } from "cron-parser";
import { ZoneClock } from "./zone-clock.ts";

const HOURS_OF_A_DAY = 24;

/**
 * When a cron expression is due next, after a moment; milliseconds since 1970.
 *
 * An expression that names each hour comes at intervals: it is due at each moment at which the clocks show a time that it names. Any other expression names
 * fixed local times, and is due once for each. If a time does not exist, because the clocks skip it, the expression is due right after the gap. If a time
 * exists twice, it is due at the first moment. The parser is used for the calendar only, without zones: with a zone it lost a day when the clocks jump at
 * midnight.
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
  // From that moment on the clocks show other times, and the moment itself may be the tick.
  return nextShownFromMs(cron, clock, change.atMs);
}

function nextShownFromMs(cron: string, clock: ZoneClock, fromMs: number): number {
  const shownMs = clock.localMs(fromMs);
  return nextLocalMs(cron, shownMs - 1) === shownMs ? fromMs : nextShownMs(cron, clock, fromMs);
}

/** The next time of the expression in the calendar, after a local time. */
function nextLocalMs(cron: string, localMs: number): number {
  return parse(cron, localMs).next().getTime();
}

function parse(cron: string, localMs: number): CronExpression {
  return CronExpressionParser.parse(cron, { currentDate: localMs, tz: "UTC" });
}
