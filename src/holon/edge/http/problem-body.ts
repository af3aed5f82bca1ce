import { STATUS_CODES } from "node:http";
import type { HolonError } from "../../kernel/index.ts";
import { fittingError } from "./fitting-error.ts";

/** The media type of {@link toProblemJson}. */
export const PROBLEM_TYPE = "application/problem+json";

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
