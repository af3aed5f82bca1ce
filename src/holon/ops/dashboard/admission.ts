import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import { EdgeRequest } from "../../edge/http/edge-request.ts";
import { TrustedProxies } from "../../edge/http/trusted-proxies.ts";
import { catalogueError, type HolonError, isHolonError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Principal } from "../../kernel/principal.ts";
import { parsePrincipal } from "../../mesh/protocol/wire-principal.ts";
import type { Credentials, DashboardDeps } from "./dashboard-deps.ts";
import type { SessionCookie, Sessions } from "./sessions.ts";

/** The role that may use the dashboard. */
const ADMIN = "admin";

/** The characters of a bearer token. Source: RFC 6750 (2.1). */
const TOKEN = /^[\x21-\x7e]+$/;

/** The admin that makes a request. */
export interface Admin {
  readonly userId: string;
  /** Undefined for a program that sends its token with each request. No page of another site can send that token, so such a program needs no form token. */
  readonly formToken: string | undefined;
}

/** Finds the admin that makes a request; every guarded route has one. */
export type AdminOf = (request: FastifyRequest) => Admin;

/** Decides which users may see the dashboard. */
export class Admission {
  readonly #deps: Pick<DashboardDeps, "authenticate" | "signIn">;
  readonly #sessions: Sessions;
  readonly #cookie: SessionCookie;
  readonly #log: Logger;
  readonly #proxies = new TrustedProxies([]);

  constructor(deps: Pick<DashboardDeps, "authenticate" | "signIn">, sessions: Sessions, cookie: SessionCookie, log: Logger) {
    this.#deps = deps;
    this.#sessions = sessions;
    this.#cookie = cookie;
    this.#log = log;
  }

  /** The admin that makes this request. Errors: UNAUTHORIZED if no user is known, FORBIDDEN for a user that is not an admin. */
  async admit(request: FastifyRequest): Promise<Admin> {
    if (request.headers.authorization !== undefined) return { userId: await this.byToken(request.raw), formToken: undefined };
    const session = this.#sessions.read(this.#cookie.read(request) ?? "");
    if (session === undefined) throw catalogueError("UNAUTHORIZED", "Sign in as an admin at /ops/sign-in.");
    return session;
  }

  /** The admin whose token is in a request. Errors: as {@link admit}. */
  async byToken(request: IncomingMessage): Promise<string> {
    return this.#adminOf(async () => this.#deps.authenticate(new EdgeRequest(request, this.#proxies, undefined)));
  }

  /** The admin with this token, which was typed and did not come in a header. Errors: as {@link admit}. */
  async byTypedToken(request: IncomingMessage, token: string): Promise<string> {
    if (!TOKEN.test(token)) throw catalogueError("UNAUTHORIZED", "The credentials are not valid.");
    const headers = { value: { ...request.headers, authorization: `Bearer ${token}` } };
    return this.byToken(Object.create(request, { headers }) as IncomingMessage);
  }

  /** The admin with this password. Errors: as {@link admit}; UNAVAILABLE if it cannot be checked now. */
  async byPassword(request: IncomingMessage, credentials: Credentials): Promise<string> {
    const token = await this.#tokenOf(credentials);
    if (token === undefined) throw catalogueError("UNAUTHORIZED", "The credentials are not valid.");
    return this.byTypedToken(request, token);
  }

  async #tokenOf(credentials: Credentials): Promise<string | undefined> {
    try {
      return await this.#deps.signIn?.(credentials);
    } catch (error) {
      // Texts that cannot be an e-mail address and a password belong to no user.
      if (isHolonError(error, "BAD_REQUEST")) return undefined;
      throw error;
    }
  }

  async #adminOf(ask: () => Promise<Principal>): Promise<string> {
    const principal = parsePrincipal(await this.#ask(ask));
    if (principal?.kind !== "user") throw catalogueError("UNAUTHORIZED", "The credentials are not valid.");
    if (!principal.roles.includes(ADMIN)) throw catalogueError("FORBIDDEN", "Only admins may look at this.");
    return principal.id;
  }

  async #ask(ask: () => Promise<Principal>): Promise<Principal> {
    try {
      return await ask();
    } catch (error) {
      if (isHolonError(error)) throw error;
      // Libraries throw their own classes for a token that cannot be read.
      this.#log.warn({ err: error }, "authenticate refused a request to the dashboard");
      throw catalogueError("UNAUTHORIZED", "The credentials are not valid.");
    }
  }
}

/** Whether an error means that the user is not known, or may not see the dashboard. */
export function isRefusal(error: unknown): error is HolonError {
  return isHolonError(error, "UNAUTHORIZED") || isHolonError(error, "FORBIDDEN");
}
