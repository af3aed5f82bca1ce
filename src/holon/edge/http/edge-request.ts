import type { IncomingMessage } from "node:http";
import { findNotUnicode } from "../../kernel/unicode-text.ts";
import { headerText } from "./request-text.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/**
 * What `authenticate` may see of a request.
 *
 * Headers that the processes of an app send to each other (`holon-*`) are hidden: in a request from outside they are forged.
 * Errors: BAD_REQUEST when a header is read whose bytes are not UTF-8.
 */
export class EdgeRequest {
  /** The values that a tRPC subscription link sends instead of headers, because a browser's EventSource cannot set headers. */
  readonly connectionParams: Readonly<Record<string, string>> | undefined;
  readonly #raw: IncomingMessage;
  readonly #proxies: TrustedProxies;

  constructor(raw: IncomingMessage, proxies: TrustedProxies, connectionParams: Readonly<Record<string, string>> | undefined) {
    this.#raw = raw;
    this.#proxies = proxies;
    this.connectionParams = connectionParams;
  }

  get method(): string {
    return this.#raw.method ?? "GET";
  }

  /** The value of the `authorization` header. */
  get authorization(): string | undefined {
    return this.header("authorization");
  }

  /** The client's address. `X-Forwarded-For` counts only as far as trusted proxies wrote it. */
  get address(): string {
    const forwarded = this.#raw.headers["x-forwarded-for"];
    return this.#proxies.clientAddress(this.#raw.socket.remoteAddress ?? "", Array.isArray(forwarded) ? forwarded.join(",") : forwarded);
  }

  header(name: string): string | undefined {
    const lower = name.toLowerCase();
    if (lower.startsWith("holon-")) return undefined;
    const value = this.#raw.headers[lower];
    return value === undefined ? undefined : headerText(lower, Array.isArray(value) ? value.join(", ") : value);
  }
}

/** Reads tRPC's `connectionParams`: an object of strings, or undefined if there is no text or it is null. `false` means that the text is malformed. */
export function parseConnectionParams(text: string | undefined): Readonly<Record<string, string>> | undefined | false {
  if (text === undefined) return undefined;
  try {
    const parsed = JSON.parse(text) as unknown;
    if (parsed === null) return undefined;
    if (typeof parsed !== "object" || Array.isArray(parsed) || findNotUnicode(parsed) !== undefined) return false;
    return Object.values(parsed).every((value) => typeof value === "string") ? (parsed as Record<string, string>) : false;
  } catch {
    return false;
  }
}
