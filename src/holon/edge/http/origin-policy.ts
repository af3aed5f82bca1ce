import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";

const PREFLIGHT_SECONDS = "600";
const ALLOWED_HEADERS =
  "authorization, content-type, idempotency-key, holon-deadline-ms, if-match, if-none-match, last-event-id, traceparent, trpc-accept";

/** Headers of an answer that a page of another origin may read, besides the few that it may always read. */
const EXPOSED_HEADERS = "etag, location, retry-after";

/**
 * Which other origins may read answers. Without origins, no CORS header is sent, and browsers refuse by themselves.
 *
 * Complete origins are compared, because a pattern for a part of the name can also match `shop.example.evil.test`.
 */
export class CorsPolicy {
  readonly #origins: ReadonlySet<string>;

  /** Takes complete origins, such as `https://shop.example`. */
  constructor(origins: readonly string[] = []) {
    this.#origins = new Set(origins);
  }

  get isOff(): boolean {
    return this.#origins.size === 0;
  }

  /** Whether pages of an origin may read answers. */
  allows(origin: string | undefined): origin is string {
    return origin !== undefined && this.#origins.has(origin);
  }

  /** Headers for an answer to this request, as a flat list of names and values; empty if the origin is not allowed. */
  headers(request: IncomingMessage): readonly string[] {
    const origin = request.headers.origin;
    if (!this.allows(origin)) return [];
    return ["access-control-allow-origin", origin, "access-control-expose-headers", EXPOSED_HEADERS];
  }

  /** The headers that answer a preflight request; undefined if the request is not a preflight or its origin is not allowed. */
  preflight(request: IncomingMessage): readonly string[] | undefined {
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return undefined;
    const { origin } = request.headers;
    if (!this.allows(origin)) return undefined;
    return [
      ...["access-control-allow-origin", origin],
      ...["access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE"],
      ...["access-control-allow-headers", ALLOWED_HEADERS],
      ...["access-control-max-age", PREFLIGHT_SECONDS, "vary", "origin"],
    ];
  }
}

/** Methods that change nothing. */
const SAFE: ReadonlySet<string | undefined> = new Set(["GET", "HEAD", "OPTIONS"]);

const BEARER = /^bearer /i;

/** The page that made a request. A browser says which: it sends `Sec-Fetch-Site` or `Origin` with every request that may change something. */
type Page = "own" | "none" | "other" | "unknown";

function pageOf(headers: IncomingHttpHeaders): Page {
  const site = headers["sec-fetch-site"];
  if (site === "same-origin") return "own";
  // The user typed the address.
  if (site === "none") return "none";
  if (site !== undefined) return "other";
  const { origin, host } = headers;
  if (origin === undefined) return "unknown";
  return URL.canParse(origin) && new URL(origin).host === host ? "own" : "other";
}

/**
 * Refuses a request unless it is known that a page of this server made it.
 *
 * Errors: FORBIDDEN, also if neither `Sec-Fetch-Site` nor `Origin` says which site the page belongs to.
 * Source: OWASP, Cross-Site Request Forgery Prevention.
 */
export function assertSameOrigin({ headers }: { readonly headers: IncomingHttpHeaders }): void {
  if (pageOf(headers) !== "own") throw catalogueError("FORBIDDEN", "This does not come from a page of this server.");
}

/**
 * The error for a request that may change something and that a page of another site may have made with its visitor's cookies.
 *
 * Such a page can abuse only what browsers send by themselves. So a request without cookies passes, and so does one with a bearer token, which a
 * page of another site can add only after a preflight request. Origins that may call by CORS may send cookies. With `withoutCookies`, requests
 * without cookies are checked too: otherwise a page of another site could use a route that sets cookies to sign its visitor in to another account.
 */
export function crossSiteRefusal(
  { method, headers }: Pick<IncomingMessage, "method" | "headers">,
  cors: CorsPolicy,
  withoutCookies = false,
): HolonError | undefined {
  if (SAFE.has(method)) return undefined;
  const hasCookies = headers.cookie !== undefined;
  if (!hasCookies && !withoutCookies) return undefined;
  if (BEARER.test(headers.authorization ?? "") || cors.allows(headers.origin)) return undefined;
  const page = pageOf(headers);
  if (page === "own" || page === "none" || (page === "unknown" && !hasCookies)) return undefined;
  return catalogueError(
    "FORBIDDEN",
    "This request brings cookies or sets them, and does not come from a page of this server. Programs send a bearer token, and no cookies.",
  );
}
