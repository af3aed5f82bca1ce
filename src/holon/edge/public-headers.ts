import type { IncomingMessage, ServerResponse } from "node:http";

/** What every answer beside tRPC's carries; a route may set another value. */
const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = [
  // Without it a browser may take a JSON answer with markup inside for a page.
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
];

/** Sets the security headers. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
}

/** Takes the headers away that only processes of the app send each other: from outside they are forged. */
export function stripInternalHeaders(request: IncomingMessage): void {
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith("holon-") && name !== "holon-deadline-ms") delete request.headers[name];
  }
}
