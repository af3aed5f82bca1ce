import type { FastifyRequest } from "fastify";
import { cookieText, isHttps, readCookie } from "../../edge/http/cookies.ts";

/** The cookie of a session. Cookies do not distinguish ports, so the name distinguishes the apps of one machine. */
export class SessionCookie {
  readonly #name: string;

  constructor(appName: string) {
    this.#name = `holon_ops_${appName}`;
  }

  read(request: FastifyRequest): string | undefined {
    return readCookie(request, this.#name);
  }

  set(request: FastifyRequest, value: string, lifetimeMs: number): string {
    return this.#write(request, value, Math.floor(lifetimeMs / 1_000));
  }

  remove(request: FastifyRequest): string {
    return this.#write(request, "", 0);
  }

  #write(request: FastifyRequest, value: string, maxAgeSeconds: number): string {
    return cookieText(this.#name, value, { path: "/ops", maxAgeSeconds, isSecure: isHttps(request) });
  }
}
