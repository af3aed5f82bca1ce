import type { IncomingHttpHeaders } from "node:http";
import { catalogueError, type HolonError } from "../../kernel/index.ts";

/** Between two runs of spaces there always stands something else: which run a space belongs to is never tried out. */
const JSON_UTF8 = /^application\/json\s*(?:;\s*(?:charset\s*=\s*"?utf-8"?\s*(?:;\s*)?)?)?$/i;

/**
 * Why a body may not be read; undefined where it is plain JSON.
 *
 * Only `application/json` is let in: a page of another site can send forms and plain text with the user's cookies, but not this without
 * asking first. Compressed bodies are refused unread: ten kilobytes of them can hold a gigabyte.
 */
export function mediaTypeRefusal(headers: IncomingHttpHeaders): HolonError | undefined {
  const type = headers["content-type"];
  if (type !== "application/json" && (type === undefined || !JSON_UTF8.test(type))) {
    return catalogueError("UNSUPPORTED_MEDIA_TYPE", "Send the body as `content-type: application/json`.");
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    return catalogueError("UNSUPPORTED_MEDIA_TYPE", "Send the body without compression.");
  }
  return undefined;
}
