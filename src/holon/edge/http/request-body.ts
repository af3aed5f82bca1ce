import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import { notUtf8, utf8Text } from "./request-text.ts";

/** Gets a body, or the error if the body is refused. */
interface BodyReader {
  read(body: string): void;
  refused(error: HolonError): void;
}

/**
 * Reads a whole body as UTF-8. Stops at the limit, and keeps nothing of a body that is over the limit.
 *
 * Guarantee: calls the reader once, or never if the client disconnects before the body has ended.
 */
export function readBody(request: IncomingMessage, limitBytes: number, reader: BodyReader): void {
  const declared = request.headers["content-length"];
  if (declared !== undefined && Number(declared) > limitBytes) {
    reader.refused(tooLarge(limitBytes));
    return;
  }
  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let sizeBytes = 0;
  const onData = (chunk: Buffer): void => {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) {
      request.off("data", onData);
      request.off("end", onEnd);
      chunks = undefined;
      reader.refused(tooLarge(limitBytes));
    } else if (first === undefined) first = chunk;
    else if (chunks === undefined) chunks = [first, chunk];
    else chunks.push(chunk);
  };
  const onEnd = (): void => {
    const bytes = chunks === undefined ? first : Buffer.concat(chunks, sizeBytes);
    const text = bytes === undefined ? "" : utf8Text(bytes);
    if (text === undefined) reader.refused(notUtf8("The body", ""));
    else reader.read(text);
  };
  request.on("data", onData);
  request.on("end", onEnd);
}

function tooLarge(limitBytes: number): HolonError {
  return catalogueError("PAYLOAD_TOO_LARGE", `The body is over the limit of ${limitBytes} bytes (limits.bodyBytes).`);
}

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
