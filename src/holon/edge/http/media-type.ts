import type { IncomingHttpHeaders } from "node:http";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";

/** Another character always separates two runs of spaces, so the expression never backtracks over which run a space belongs to. */
const JSON_UTF8 = /^application\/json\s*(?:;\s*(?:charset\s*=\s*"?utf-8"?\s*(?:;\s*)?)?)?$/i;

/**
 * The error if a body may not be read; undefined if it is plain JSON.
 *
 * Only `application/json` is accepted. A page of another site can send forms and plain text with the user's cookies, but JSON only after a
 * preflight request. Compressed bodies are refused unread: ten kilobytes of them can hold a gigabyte.
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
