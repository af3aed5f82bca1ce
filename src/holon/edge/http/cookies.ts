import type { FastifyRequest } from "fastify";
import { headerText } from "./request-text.ts";

/** What a cookie needs besides its name and value. */
interface CookieOptions {
  /** The browser sends the cookie to this path and to all paths below it. */
  readonly path: string;
  /** 0 removes the cookie. Whole seconds. */
  readonly maxAgeSeconds: number;
  readonly isSecure: boolean;
}

const COOKIE_VALUE = /^[\w.~+/=-]*$/;

/**
 * The value of a cookie that a browser sent; undefined if it is missing or empty. If several have the same name, the first one counts.
 *
 * Errors: BAD_REQUEST if its bytes are not UTF-8. Other cookies are not checked; they belong to other programs.
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
 * Errors: TypeError for a value that would end the cookie and begin another attribute.
 */
export function cookieText(name: string, value: string, { path, maxAgeSeconds, isSecure }: CookieOptions): string {
  if (!COOKIE_VALUE.test(value)) throw new TypeError(`the value of the cookie ${name} has characters that a cookie may not have`);
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=${path}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}

/** Whether the browser speaks https, to us or to a proxy before us. A client that forges the header only makes its own cookie stricter. */
export function isHttps(request: FastifyRequest): boolean {
  const forwarded = request.headers["x-forwarded-proto"];
  return request.protocol === "https" || (typeof forwarded === "string" && forwarded.split(",")[0]?.trim() === "https");
}
