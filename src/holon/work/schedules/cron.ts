import { CronExpressionParser } from "cron-parser";

/**
 * When a cron expression is due next, after a moment; milliseconds since 1970.
 *
 * Errors: whatever the parser says of an expression that is none, or of a time zone that does not exist.
 */
export function nextTickMs(cron: string, timeZone: string, afterMs: number): number {
  return CronExpressionParser.parse(cron, { currentDate: afterMs, tz: timeZone }).next().getTime();
}
