import type { IncomingMessage } from "node:http";
import { catalogueError, type HolonError } from "../kernel/index.ts";

/** Where a body, or the reason why there is none, is handed to. */
export interface BodyReader {
  read(body: string): void;
  refused(error: HolonError): void;
}

/**
 * Reads a whole body as text and stops at the limit, before anything is kept of what is over it.
 *
 * Guarantee: calls the reader once, or never where the client goes away first.
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
    if (chunks !== undefined) reader.read(Buffer.concat(chunks, sizeBytes).toString("utf8"));
    else reader.read(first === undefined ? "" : first.toString("utf8"));
  };
  request.on("data", onData);
  request.on("end", onEnd);
}

function tooLarge(limitBytes: number): HolonError {
  return catalogueError("PAYLOAD_TOO_LARGE", `The body is over the limit of ${limitBytes} bytes (limits.bodyBytes).`);
}
