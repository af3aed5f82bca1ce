/** Status and headers of an HTTP answer. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** How many bytes the head has. */
  readonly bytes: number;
}

/** The longest head that is read. */
export const RESPONSE_HEAD_BYTES = 16 * 1024;

const STATUS_LINE = /^HTTP\/1\.1 (\d{3})(?: |$)/;

/**
 * Reads the head of an HTTP/1.1 answer; undefined while it is incomplete, "malformed" if it cannot become one.
 *
 * Node's own HTTP client would work, but it moves the socket between agents and parsers. The two answers of the mesh are easier to follow on a
 * plain socket.
 */
export function parseResponseHead(bytes: Buffer): ResponseHead | "malformed" | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return bytes.length > RESPONSE_HEAD_BYTES ? "malformed" : undefined;
  if (end > RESPONSE_HEAD_BYTES) return "malformed";
  const [statusLine, ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const status = STATUS_LINE.exec(statusLine as string);
  if (status === null) return "malformed";
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) return "malformed";
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(status[1]), headers, bytes: end + 4 };
}
