import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";

/** A request that is sent exactly as given. `fetch` would add headers, and forbids some. */
interface RawRequest {
  readonly method?: string;
  /** The path, which is sent unchanged. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal?: AbortSignal;
  /** Called each time a part of the answer arrives, with all parts so far. */
  readonly onText?: (text: string) => void;
}

/** An answer read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as JSON; undefined if it is not JSON. */
  readonly json: unknown;
}

/** Sends one request on its own connection. */
export function send(url: string, { method = "GET", path, headers = {}, body, signal, onText }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers, agent: false, ...(signal === undefined ? {} : { signal }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        onText?.(Buffer.concat(chunks).toString());
      });
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, json: parse(text) });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** POSTs JSON to a procedure. */
export function post(url: string, path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
  return send(url, { method: "POST", path: `/trpc/${path}`, headers: { "content-type": "application/json", ...headers }, body });
}

/** GETs a procedure, with an input if one is given. */
export function get(url: string, path: string, input?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
  const query = input === undefined ? "" : `${path.includes("?") ? "&" : "?"}input=${encodeURIComponent(JSON.stringify(input))}`;
  return send(url, { path: `/trpc/${path}${query}`, headers });
}

/** Writes bytes to a new connection. Reads until the other side closes it, or until the text `end` arrives. */
export function sendBytes(url: string, bytes: string | Buffer, end?: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (end !== undefined && text.endsWith(end)) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
}

/** Resolves when a condition holds. If it never does, the test's own timeout fails the test. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
