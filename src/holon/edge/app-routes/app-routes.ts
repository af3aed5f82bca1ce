import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** A cookie that a route sets. */
export interface AppCookie {
  /** The paths that a browser sends it to: this one and all below. */
  readonly path: string;
  /** 0 takes it away. */
  readonly maxAgeSeconds: number;
}

/** What the app's own routes may do at the public port. */
export interface AppEdge {
  readonly isProduction: boolean;
  /**
   * Calls a procedure by its path, as in `orders.list`, as anybody from outside may, for the principal of a request.
   *
   * Shape: the answer as the contract says it. Errors: HolonError, of the contract or of the catalogue, never a defect as it was thrown; NOT_FOUND also for internal
   * procedures; what `authenticate` throws. Limits, deadline and metrics are those of every call.
   */
  call(procedure: string, input: unknown, request: FastifyRequest): Promise<unknown>;
  /** The same for nobody, whatever token the request brings: for routes by which people come, whose old token may not keep them out. */
  callAnonymously(procedure: string, input: unknown, request: FastifyRequest): Promise<unknown>;
  /**
   * Lets a request pass that no page of another site can have made: a route that trusts a cookie asks this first.
   *
   * Errors: FORBIDDEN, also where neither `Sec-Fetch-Site` nor `Origin` says whose page it was. Source: OWASP, Cross-Site Request Forgery Prevention.
   */
  assertSameOrigin(request: FastifyRequest): void;
  /** The value of a cookie; undefined where it is not there. */
  cookie(request: FastifyRequest, name: string): string | undefined;
  /** Sets a cookie that no script reads and no other site sends: HttpOnly, SameSite=Strict, and in production or over https Secure. */
  setCookie(request: FastifyRequest, reply: FastifyReply, name: string, value: string, cookie: AppCookie): void;
}

/**
 * Adds the app's own HTTP routes to the public port, beside tRPC and REST.
 *
 * Shape: `app` is a Fastify scope of its own, so that hooks and parsers stay in it. It takes JSON bodies within the limits of the edge, and answers
 * what routes throw as problem details, as REST does; what is no HolonError leaves as INTERNAL with an error id.
 */
export type AppRoutes = (app: FastifyInstance, edge: AppEdge) => void | Promise<void>;
