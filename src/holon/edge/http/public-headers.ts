import type { IncomingMessage, ServerResponse } from "node:http";

/** The lifetime is a year. Subdomains are not included, because they may belong to other sites. */
const HSTS = ["strict-transport-security", "max-age=31536000"];

/** The headers of every answer, as a flat list. */
const COMMON = [
  // Without this header a browser may treat a JSON answer that has markup as a page.
  ...["x-content-type-options", "nosniff"],
  ...["x-frame-options", "DENY"],
  ...["referrer-policy", "no-referrer"],
  ...["cross-origin-resource-policy", "same-origin"],
];

/** A browser that opens an answer in JSON loads and runs nothing for it, and shows it in no frame. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** The policy for pages that do not set their own: they load everything from this server, and run nothing inline. */
const PAGE_POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/**
 * The security headers of every answer.
 *
 * Source: OWASP, REST Security Cheat Sheet and HTTP Headers Cheat Sheet. Strict-Transport-Security is sent in production only, because a
 * developer's `localhost` must not be locked into https. Browsers obey it only in an answer that comes over https.
 */
export class SecurityHeaders {
  /** The headers of an answer that is data, as a flat list. */
  readonly ofData: readonly string[];
  readonly #ofPages: readonly string[];

  constructor({ isProduction }: { readonly isProduction: boolean }) {
    const always = isProduction ? [...COMMON, ...HSTS] : COMMON;
    this.ofData = [...always, "content-security-policy", DATA_POLICY];
    this.#ofPages = [...always, "content-security-policy", PAGE_POLICY, "cross-origin-opener-policy", "same-origin"];
  }

  /** Sets the headers for a route that may answer with a page. The route may replace them. */
  setOn(response: ServerResponse): void {
    const headers = this.#ofPages;
    for (let index = 0; index < headers.length; index += 2) response.setHeader(headers[index] as string, headers[index + 1] as string);
  }
}

/** Removes the headers that only processes of the app send each other. From outside they are forged. */
export function stripInternalHeaders(request: IncomingMessage): void {
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith("holon-") && name !== "holon-deadline-ms") delete request.headers[name];
  }
}
