import type { Socket } from "node:net";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { EdgeDeps } from "../edge-deps.ts";
import { toErrorJson } from "./error-body.ts";

const ERROR_BYTES = 1024;

/** A socket as Node's HTTP server extends it, with the answer that is being written, if any. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: { readonly headersSent: boolean } | null;
}

/**
 * Answers a client that sent no complete request: its bytes are not HTTP, its headers are too large, or its request did not arrive in time.
 *
 * Node gives no response object for such a fault, so the answer is written to the socket, and the socket is closed.
 */
export function answerClientFault(
  fault: Error & { code?: string },
  socket: HttpSocket,
  { log, security, rates, proxies }: Pick<EdgeDeps, "log" | "security" | "rates" | "proxies">,
): void {
  if (fault.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  log.debug({ code: fault.code }, "a connection was closed because it did not send a complete HTTP request within the limits");
  // An answer that has begun can only be cut off. A second answer, written into the first, would be read as part of its body.
  if (socket._httpMessage?.headersSent === true) {
    socket.destroy();
    return;
  }
  const [statusLine, error] = toAnswer(fault.code);
  const address = socket.remoteAddress ?? "";
  // Two kinds of faults are not counted: timeouts, because browsers open connections ahead of time and then send nothing; and bytes from a trusted
  // proxy, because they do not say which client sent them.
  if (error.code !== "REQUEST_TIMEOUT" && !proxies.trusts(address)) rates.countRefusal({ address: proxies.clientAddress(address, undefined) });
  const body = toErrorJson(error, undefined, ERROR_BYTES);
  socket.end(
    `HTTP/1.1 ${statusLine}\r\nconnection: close\r\ncontent-type: application/json\r\n${headerLines(security.ofData)}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function headerLines(headers: readonly string[]): string {
  let text = "";
  for (let index = 0; index < headers.length; index += 2) text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return text;
}

function toAnswer(code: string | undefined): readonly [statusLine: string, error: HolonError] {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["408 Request Timeout", catalogueError("REQUEST_TIMEOUT", "The whole request did not arrive in time.")];
    case "HPE_HEADER_OVERFLOW":
      return ["431 Request Header Fields Too Large", catalogueError("PAYLOAD_TOO_LARGE", "URL and headers are over the limit.", { status: 431 })];
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return ["413 Payload Too Large", catalogueError("PAYLOAD_TOO_LARGE", "The extensions of the body's chunks are over the limit.")];
    default:
      return ["400 Bad Request", catalogueError("BAD_REQUEST", "The request is not HTTP.")];
  }
}
