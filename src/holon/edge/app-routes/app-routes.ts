import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** A cookie that a route sets. */
export interface AppCookie {
  /** The browser sends the cookie to this path and to all paths below it. */
  readonly path: string;
  /** 0 removes the cookie. Whole seconds. */
  readonly maxAgeSeconds: number;
}

/** What the app's own routes can use at the public port. */
export interface AppEdge {
  readonly isProduction: boolean;
  /**
   * Calls a procedure by its path, such as `orders.list`, with the rights of an outside caller, for the principal of a request.
   *
   * Shape: the answer as the contract describes it. Errors: HolonError, of the contract or of the catalogue, never a defect as it was thrown; NOT_FOUND also
   * for internal procedures; what `authenticate` throws. Limits, deadline and metrics are the same as for every call.
   */
  call(procedure: string, input: unknown, request: FastifyRequest): Promise<unknown>;
  /** The same for an anonymous principal, whatever token the request has. Sign-in routes use it: an old token must not keep a user out. */
  callAnonymously(procedure: string, input: unknown, request: FastifyRequest): Promise<unknown>;
  /**
   * Refuses a request that a page of another site may have made. A route that trusts a cookie calls this first.
   *
   * Errors: FORBIDDEN, also if neither `Sec-Fetch-Site` nor `Origin` says whose page it was. Source: OWASP, Cross-Site Request Forgery Prevention.
   */
  assertSameOrigin(request: FastifyRequest): void;
  /** The value of a cookie; undefined if the request does not have it. */
  cookie(request: FastifyRequest, name: string): string | undefined;
  /** Sets a cookie that no script can read and no other site can send: HttpOnly, SameSite=Strict, and Secure in production or over https. */
  setCookie(request: FastifyRequest, reply: FastifyReply, name: string, value: string, cookie: AppCookie): void;
}

/**
 * Adds the app's own HTTP routes to the public port, beside tRPC and REST.
 *
 * Shape: `app` is a Fastify scope of its own, so hooks and parsers stay inside. It accepts JSON bodies within the limits of the edge. Errors of routes are
 * answered as problem details, as in REST; an error that is not a HolonError becomes INTERNAL with an error id.
 */
export type AppRoutes = (app: FastifyInstance, edge: AppEdge) => void | Promise<void>;
