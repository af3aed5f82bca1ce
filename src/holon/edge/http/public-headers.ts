import type { IncomingMessage, ServerResponse } from "node:http";

/** A year: what browsers and their lists ask for. Subdomains may be somebody else's. */
const HSTS = ["strict-transport-security", "max-age=31536000"];

/** What every answer carries, flat. */
const COMMON = [
  // Without it a browser may take a JSON answer with markup inside for a page.
  ...["x-content-type-options", "nosniff"],
  ...["x-frame-options", "DENY"],
  ...["referrer-policy", "no-referrer"],
  ...["cross-origin-resource-policy", "same-origin"],
];

/** An answer in JSON shows nothing, loads nothing, and stands in no frame. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** What a page that says nothing else may do: all that is of this server, and nothing that stands in its text. */
const PAGE_POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/**
 * The headers that browsers guard a user by, on every answer.
 *
 * Source: OWASP, REST Security Cheat Sheet and HTTP Headers Cheat Sheet. Strict-Transport-Security is sent in production only, and counts only where
 * the answer comes by https: a developer's `localhost` must not be locked into it.
 */
export class SecurityHeaders {
  /** Of an answer that is data, flat. */
  readonly ofData: readonly string[];
  readonly #ofPages: readonly string[];

  constructor({ isProduction }: { readonly isProduction: boolean }) {
    const always = isProduction ? [...COMMON, ...HSTS] : COMMON;
    this.ofData = [...always, "content-security-policy", DATA_POLICY];
    this.#ofPages = [...always, "content-security-policy", PAGE_POLICY, "cross-origin-opener-policy", "same-origin"];
  }

  /** Sets those of a route that may answer a page; the route may set others. */
  setOn(response: ServerResponse): void {
    const headers = this.#ofPages;
    for (let index = 0; index < headers.length; index += 2) response.setHeader(headers[index] as string, headers[index + 1] as string);
  }
}

/** Takes the headers away that only processes of the app send each other: from outside they are forged. */
export function stripInternalHeaders(request: IncomingMessage): void {
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith("holon-") && name !== "holon-deadline-ms") delete request.headers[name];
  }
}
