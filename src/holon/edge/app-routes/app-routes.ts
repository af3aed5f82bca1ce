import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** A cookie that a route sets. */
export interface AppCookie {
  /** The browser sends the cookie to this path and to all paths below it. */
  readonly path: string;
  /** How long the browser keeps the cookie, in whole seconds. 0 removes the cookie. */
  readonly maxAgeSeconds: number;
}

/** The object by which the app's own routes call procedures, and read and set cookies. */
export interface AppEdge {
  readonly isProduction: boolean;
  /**
   * Calls a procedure by its path, such as `orders.list`, with the rights of an outside caller, for the principal of a request.
   *
   * Shape: the answer as the contract describes it. Limits, deadline and metrics are the same as for every call.
   * Errors: a HolonError of the contract, of the catalogue or of `authenticate`. A defect becomes INTERNAL; it is never passed on as it was thrown. An internal
   * procedure is NOT_FOUND, like an unknown one.
   */
  call(procedure: string, input: unknown, request: FastifyRequest): Promise<unknown>;
  /**
   * Calls a procedure as `call` does, but for the anonymous principal, whatever token the request has. Sign-in routes use it: an old token must not keep a
   * user out.
   */
  callAnonymously(procedure: string, input: unknown, request: FastifyRequest): Promise<unknown>;
  /**
   * Refuses a request that a page of another site may have made. A route that trusts a cookie calls this first.
   *
   * Errors: FORBIDDEN, also if neither `Sec-Fetch-Site` nor `Origin` says which site the page belongs to. Source: OWASP, Cross-Site Request Forgery Prevention.
   */
  assertSameOrigin(request: FastifyRequest): void;
  /** The value of a cookie; undefined if the request does not have it. */
  cookie(request: FastifyRequest, name: string): string | undefined;
  /**
   * Sets a cookie that no script can read, and that a browser does not send with a request of another site's page: HttpOnly, SameSite=Strict, and Secure in
   * production or over https.
   */
  setCookie(request: FastifyRequest, reply: FastifyReply, name: string, value: string, cookie: AppCookie): void;
}

/**
 * Adds the app's own HTTP routes to the public port, beside tRPC and REST.
 *
 * Shape: `app` is a Fastify scope of its own, so its hooks and parsers apply to these routes only. It accepts JSON bodies within the limits of the edge.
 * Errors of routes are answered as problem details, as in REST; an error that is not a HolonError becomes INTERNAL with an error id.
 */
export type AppRoutes = (app: FastifyInstance, edge: AppEdge) => void | Promise<void>;
