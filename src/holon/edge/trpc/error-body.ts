import { errorRow, TRPC_CODE_NUMBERS } from "../../kernel/error-catalogue.ts";
import type { HolonError } from "../../kernel/holon-error.ts";
import { fittingError } from "../http/fitting-error.ts";

const PATH_LENGTH = 200;

/**
 * The JSON of an error in tRPC's shape: `{"error":{"message","code","data":{"code","httpStatus","path","details"}}}`.
 *
 * Units: limitBytes is the greatest length of the text. An error that is longer loses its details, then its message is replaced by that of the
 * catalogue.
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
