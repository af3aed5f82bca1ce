import type { FastifyRequest } from "fastify";

/** The cookie that holds a session. Cookies do not know ports: the name tells the apps of one machine apart. */
export class SessionCookie {
  readonly #name: string;

  constructor(appName: string) {
    this.#name = `holon_ops_${appName}`;
  }

  read({ headers }: FastifyRequest): string | undefined {
    for (const pair of headers.cookie?.split(";") ?? []) {
      const [name, value] = pair.trim().split("=", 2);
      if (name === this.#name && value) return value;
    }
    return undefined;
  }

  set(request: FastifyRequest, value: string, lifetimeMs: number): string {
    return this.#write(request, value, Math.floor(lifetimeMs / 1_000));
  }

  remove(request: FastifyRequest): string {
    return this.#write(request, "", 0);
  }

  #write(request: FastifyRequest, value: string, seconds: number): string {
    const secure = isHttps(request) ? "; Secure" : "";
    return `${this.#name}=${value}; Max-Age=${seconds}; Path=/ops; HttpOnly; SameSite=Strict${secure}`;
  }
}

/** Who forges this header only makes his own cookie stricter. */
function isHttps(request: FastifyRequest): boolean {
  const forwarded = request.headers["x-forwarded-proto"];
  return request.protocol === "https" || (typeof forwarded === "string" && forwarded.split(",")[0]?.trim() === "https");
}
