import { STATUS_CODES } from "node:http";
import { errorRow, type HolonError } from "../kernel/index.ts";

/** The media type of {@link toProblemJson}. */
export const PROBLEM_TYPE = "application/problem+json";

const DETAIL_LENGTH = 300;

/**
 * The JSON of an error as problem details: `type`, `title`, `status`, `detail`, and `code` as in tRPC's errors.
 *
 * `code` tells errors apart; `type` is `about:blank`, because no page can be promised where the code is a contract's own. Beside it stand
 * `issues` of a bad request, `errorId` of an internal error, and `details` of all others.
 *
 * Units: limitBytes is what the text may take; over it the details are left out, then the sentence is that of the catalogue.
 * Source: RFC 9457.
 */
export function toProblemJson(error: HolonError, status: number, limitBytes: number): string {
  const whole = withMembers(error, status);
  if (whole !== undefined && fits(whole, limitBytes)) return whole;
  const bare = write(error, status, error.message.slice(0, DETAIL_LENGTH), {});
  return fits(bare, limitBytes) ? bare : write(error, status, errorRow(error.code).meaning, {});
}

/** Undefined where the details are no JSON: an error must be answered even then. */
function withMembers(error: HolonError, status: number): string | undefined {
  try {
    return write(error, status, error.message, membersOf(error));
  } catch {
    return undefined;
  }
}

function membersOf({ code, details }: HolonError): object {
  const known = details as { readonly issues?: unknown; readonly errorId?: unknown } | undefined | null;
  if (code === "BAD_REQUEST" && known?.issues !== undefined) return { issues: known.issues };
  if (code === "INTERNAL" && known?.errorId !== undefined) return { errorId: known.errorId };
  return { details };
}

function write({ code }: HolonError, status: number, detail: string, members: object): string {
  return JSON.stringify({ type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail, code, ...members });
}

function fits(text: string, limitBytes: number): boolean {
  return text.length * 3 <= limitBytes || Buffer.byteLength(text) <= limitBytes;
}
