import type { IncomingMessage } from "node:http";
import type { CorsOptions } from "../edge-options.ts";

const PREFLIGHT_SECONDS = "600";
const ALLOWED_HEADERS =
  "authorization, content-type, idempotency-key, holon-deadline-ms, if-match, if-none-match, last-event-id, traceparent, trpc-accept";

/** Headers of an answer that a page may read, besides the few that it always may. */
const EXPOSED_HEADERS = "etag, location, retry-after";

/**
 * Which other origins may read answers. Without origins, no header is sent, and browsers refuse by themselves.
 *
 * Complete origins are compared. Patterns on parts of a name have let `shop.example.evil.test` in.
 */
export class CorsPolicy {
  readonly #origins: ReadonlySet<string>;

  constructor(options: CorsOptions | undefined) {
    this.#origins = new Set(options?.origins);
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
