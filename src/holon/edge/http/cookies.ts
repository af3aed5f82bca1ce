import { parseCookie, stringifySetCookie } from "cookie";
import type { FastifyRequest } from "fastify";
import { headerText } from "./request-text.ts";

/** What a cookie needs besides its name and value. */
interface CookieOptions {
  /** The browser sends the cookie to this path and to all paths below it. */
  readonly path: string;
  /** How long the browser keeps the cookie, in whole seconds. 0 removes the cookie. */
  readonly maxAgeSeconds: number;
  readonly isSecure: boolean;
}

/** The characters that a value may have. The package `cookie` allows some more, and its error message repeats the value that it refuses. */
const COOKIE_VALUE = /^[\w.~+/=-]*$/;

/** Values are sent and read as they are, without percent-encoding. */
const asItIs = (text: string): string => text;

/**
 * The value of a cookie that a browser sent; undefined if it is missing or empty. If several cookies have the same name, the first one counts.
 *
 * Errors: BAD_REQUEST if the bytes of the value are not UTF-8. Other cookies are not checked; they belong to other programs.
 */
export function readCookie({ headers }: FastifyRequest, name: string): string | undefined {
  const value = parseCookie(headers.cookie ?? "", { decode: asItIs })[name];
  return value === undefined ? undefined : headerText("cookie", value) || undefined;
}

/**
 * The text of a `set-cookie` header. No script can read the cookie, and no page of another site can make a browser send it.
 *
 * Errors: TypeError for a name, value or path that would end the cookie and begin another attribute, and for a `maxAgeSeconds` that is not whole.
 */
export function cookieText(name: string, value: string, { path, maxAgeSeconds: maxAge, isSecure: secure }: CookieOptions): string {
  if (!COOKIE_VALUE.test(value)) throw new TypeError(`the value of the cookie ${name} has characters that a cookie may not have`);
  return stringifySetCookie({ name, value, path, maxAge, secure, httpOnly: true, sameSite: "strict" }, { encode: asItIs });
}

/** Whether the browser speaks https, to us or to a proxy in front of us. A client that forges `X-Forwarded-Proto` only makes its own cookie stricter. */
export function isHttps(request: FastifyRequest): boolean {
  const forwarded = request.headers["x-forwarded-proto"];
  return request.protocol === "https" || (typeof forwarded === "string" && forwarded.split(",")[0]?.trim() === "https");
}
