import { STATUS_CODES } from "node:http";
import type { HolonError } from "../../kernel/holon-error.ts";
import { fittingError } from "./fitting-error.ts";

/** The media type of {@link toProblemJson}. */
export const PROBLEM_TYPE = "application/problem+json";

/**
 * The JSON of an error as problem details: `type`, `title`, `status`, `detail`, and `code` as in tRPC's errors.
 *
 * `code` distinguishes errors. `type` is `about:blank`, because a contract's own code may have no page. In addition, a bad request has `issues`,
 * an internal error has `errorId`, and all other errors have `details`.
 *
 * Units: limitBytes is the greatest length of the text. An error that is longer loses its details, then its message is replaced by that of the
 * catalogue.
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
