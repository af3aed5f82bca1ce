import { type SQL, sql } from "../../data/drizzle/sql.ts";
import { isCutOff } from "../../kernel/origin.ts";
import { storableText } from "../../kernel/thrown.ts";
import { describeError } from "../../observe/redaction.ts";

/**
 * An attempt of a handler is cut off if the connection of its transaction was lost, or if its process was frozen until the attempt's time was over. That is a
 * failure of the handler only if the handler causes it, by blocking its process for that long. Such a handler does so in each attempt. So the first of several
 * cut-off attempts in a row is not counted. The row's `reason` keeps how the last attempt ended, because another process may make the next attempt.
 */
const CUT_OFF = "It was cut off: ";

/** An SQL expression, as text: whether the previous attempt was cut off, according to the `reason` of its row. */
export const WAS_CUT_OFF_TEXT = `coalesce(starts_with(reason, '${CUT_OFF}'), false)`;

/** The same expression as an `SQL` value, for statements that are built from such values. */
export const WAS_CUT_OFF: SQL = sql.raw(WAS_CUT_OFF_TEXT);

/** The text that a row keeps as the reason why an attempt failed. */
export function reasonOfAttempt(error: unknown, length: number): string {
  return storableText(`${isCutOff(error) ? CUT_OFF : ""}${describeError(error)}`, length);
}
