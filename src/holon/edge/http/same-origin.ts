import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { catalogueError, type HolonError } from "../../kernel/index.ts";
import type { CorsPolicy } from "./cors-policy.ts";

/** Methods that change nothing. */
const SAFE: ReadonlySet<string | undefined> = new Set(["GET", "HEAD", "OPTIONS"]);

const BEARER = /^bearer /i;

/** Whose page made a request, as only a browser can say: it sends one of two headers with everything that may change something. */
type Page = "own" | "none" | "other" | "unknown";

function pageOf(headers: IncomingHttpHeaders): Page {
  const site = headers["sec-fetch-site"];
  if (site === "same-origin") return "own";
  // The user himself, by typing an address.
  if (site === "none") return "none";
  if (site !== undefined) return "other";
  const { origin, host } = headers;
  if (origin === undefined) return "unknown";
  return URL.canParse(origin) && new URL(origin).host === host ? "own" : "other";
}

/**
 * Refuses a request that changes something and that no page of ours is known to have made.
 *
 * Errors: FORBIDDEN, also where neither `Sec-Fetch-Site` nor `Origin` says whose page it was.
 * Source: OWASP, Cross-Site Request Forgery Prevention.
 */
export function assertSameOrigin({ headers }: { readonly headers: IncomingHttpHeaders }): void {
  if (pageOf(headers) !== "own") throw catalogueError("FORBIDDEN", "This does not come from a page of this server.");
}

/**
 * Why a request may not change anything: a page of another site may have made it with its visitor's cookies.
 *
 * Only what browsers send by themselves can be abused so: a request without cookies passes, and so does one with a bearer token, which a page of
 * another site cannot add without asking first. Origins that may call by CORS may bring cookies. `withoutCookies` judges those without cookies too:
 * a route that sets them would sign the visitor in as somebody else.
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
