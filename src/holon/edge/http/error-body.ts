import { STATUS_CODES } from "node:http";
import { errorRow, TRPC_CODE_NUMBERS } from "../../kernel/error-catalogue.ts";
import type { HolonError } from "../../kernel/holon-error.ts";
import { retryAfterHeader } from "../rates/too-many-requests.ts";

/** The media type of {@link toProblemJson}. */
export const PROBLEM_TYPE = "application/problem+json";

/**
 * The JSON of an error as problem details: `type`, `title`, `status`, `detail`, and `code` as in tRPC's errors.
 *
 * `code` distinguishes errors. `type` is `about:blank`, because a contract's own code may have no page. In addition, a bad request has `issues`,
 * an internal error has `errorId`, and all other errors have `details`.
 *
 * Units: limitBytes is the greatest length of the text. A longer error loses its details and the end of a long message. If it is still too long, it gets
 * the message of the catalogue.
 * Source: RFC 9457.
 */
export function toProblemJson(error: HolonError, status: number, limitBytes: number): string {
  const title = STATUS_CODES[status] ?? "Error";
  return fittingError(error, limitBytes, (detail, form) =>
    JSON.stringify({ type: "about:blank", title, status, detail, code: error.code, ...(form === "whole" ? membersOf(error) : {}) }),
  );
}

function membersOf({ code, details }: HolonError): object {
  const known = details as { readonly issues?: unknown; readonly errorId?: unknown } | undefined | null;
  if (code === "BAD_REQUEST" && known?.issues !== undefined) return { issues: known.issues };
  if (code === "INTERNAL" && known?.errorId !== undefined) return { errorId: known.errorId };
  return { details };
}

const PATH_LENGTH = 200;

/**
 * The JSON of an error in tRPC's shape: `{"error":{"message","code","data":{"code","httpStatus","path","details"}}}`.
 *
 * Units: limitBytes is the greatest length of the text. A longer error loses its details and the end of a long message. If it is still too long, it gets
 * the message of the catalogue.
 */
export function toErrorJson(error: HolonError, path: string | undefined, limitBytes: number): string {
  const number = TRPC_CODE_NUMBERS[errorRow(error.code).trpc];
  const shortPath = path?.slice(0, PATH_LENGTH);
  return fittingError(error, limitBytes, (message, form) => {
    const place = form === "least" ? undefined : shortPath;
    const details = form === "whole" ? error.details : undefined;
    return JSON.stringify({ error: { message, code: number, data: { code: error.code, httpStatus: error.status, path: place, details } } });
  });
}

const MESSAGE_LENGTH = 300;

/** How much of an error is written: all of it; no details, and the start of its message; or no details, and the catalogue's message. */
type ErrorForm = "whole" | "bare" | "least";

/**
 * The longest form of an error that fits, as `write` writes it.
 *
 * Units: limitBytes is the greatest length of the text. A longer error loses its details and the end of a long message. If it is still too long, it gets
 * the message of the catalogue. This last form is returned even if it is too long, because an error must be answered.
 */
function fittingError(error: HolonError, limitBytes: number, write: (message: string, form: ErrorForm) => string): string {
  const whole = unlessThrown(() => write(error.message, "whole"));
  if (whole !== undefined && fits(whole, limitBytes)) return whole;
  const bare = write(error.message.slice(0, MESSAGE_LENGTH), "bare");
  return fits(bare, limitBytes) ? bare : write(errorRow(error.code).meaning, "least");
}

/** Undefined if the details cannot be written as JSON. */
function unlessThrown(write: () => string): string | undefined {
  try {
    return write();
  } catch {
    return undefined;
  }
}

function fits(text: string, limitBytes: number): boolean {
  return text.length * 3 <= limitBytes || Buffer.byteLength(text) <= limitBytes;
}

/** HTTP requires a challenge with 401. A browser shows a dialog if the challenge asks for a password, but none if it asks for a bearer token. */
const CHALLENGE = ["www-authenticate", "Bearer"] as const;

/**
 * The header that goes with an error's body, as a flat list of name and value: a 401 says how to authenticate; TOO_MANY_REQUESTS and OVERLOADED say when
 * to try again, if their details say so. Undefined for all other errors.
 *
 * Source: RFC 9110 (15.5.2), RFC 6750 (3), RFC 6585 (4).
 */
export function errorHeader(error: HolonError): readonly [name: string, value: string] | undefined {
  return error.status === 401 ? CHALLENGE : retryAfterHeader(error);
}
