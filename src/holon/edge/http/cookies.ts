import type { FastifyRequest } from "fastify";
import { headerText } from "./utf8-text.ts";

/** What a cookie needs besides its name and value. */
export interface CookieOptions {
  /** The paths that a browser sends it to: this one and all below. */
  readonly path: string;
  /** 0 takes it away. Whole seconds. */
  readonly maxAgeSeconds: number;
  readonly isSecure: boolean;
}

const COOKIE_VALUE = /^[\w.~+/=-]*$/;

/**
 * The value of a cookie that a browser sent; undefined where it is not there or empty. The first of several equal names counts.
 *
 * Errors: BAD_REQUEST if its bytes are not UTF-8. Those of other cookies are another program's.
 */
export function readCookie({ headers }: FastifyRequest, name: string): string | undefined {
  for (const pair of headers.cookie?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return headerText("cookie", pair.slice(equals + 1).trim()) || undefined;
  }
  return undefined;
}

/**
 * The text of a `set-cookie` header. No script can read the cookie, and no page of another site can make a browser send it.
 *
 * Errors: TypeError for a value that would end the cookie and begin something else.
 */
export function cookieText(name: string, value: string, { path, maxAgeSeconds, isSecure }: CookieOptions): string {
  if (!COOKIE_VALUE.test(value)) throw new TypeError(`the value of the cookie ${name} has characters that a cookie may not have`);
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=${path}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}

/** Whether the browser speaks https, to us or to a proxy before us. Who forges the header only makes his own cookie stricter. */
export function isHttps(request: FastifyRequest): boolean {
  const forwarded = request.headers["x-forwarded-proto"];
  return request.protocol === "https" || (typeof forwarded === "string" && forwarded.split(",")[0]?.trim() === "https");
}
