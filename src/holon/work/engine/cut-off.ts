import { type SQL, sql } from "../../data/index.ts";
import { isCutOff, storableText } from "../../kernel/index.ts";
import { describeError } from "../../observe/index.ts";

/**
 * Attempts of handlers that were cut off: the connection of their transaction was lost, or their process was frozen until their time was over. That is no failure of
 * a handler, unless it brings it about itself, by blocking its process for so long. It does so each time: of attempts that are cut off in a row, the first is not
 * counted. The row keeps by its reason how the last one ended, for whatever process tries next.
 */
const CUT_OFF = "It was cut off: ";

/** Whether the attempt before was cut off, by the `reason` of its row: an expression, as text. */
export const WAS_CUT_OFF_TEXT = `coalesce(starts_with(reason, '${CUT_OFF}'), false)`;

/** The same for a statement that is built. */
export const WAS_CUT_OFF: SQL = sql.raw(WAS_CUT_OFF_TEXT);

/** What a row keeps of why an attempt failed. */
export function reasonOfAttempt(error: unknown, length: number): string {
  return storableText(`${isCutOff(error) ? CUT_OFF : ""}${describeError(error)}`, length);
}
