import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { cookieText, isHttps, readCookie } from "../../edge/http/cookies.ts";
import type { Clock } from "../../kernel/clock.ts";

/** How long a user stays signed in. */
const SESSION_MS = 8 * 3_600_000;
const GREATEST_LENGTH = 1_024;

/** The session of a signed-in user. */
interface Session {
  readonly userId: string;
  /** The value that the forms of this session send back; no page of another site knows it. */
  readonly formToken: string;
}

/**
 * Sessions of the dashboard, as signed values that any process of the app can read; no process keeps a list.
 *
 * Only admins get a session, so the role is not checked again. The key is derived from the secret, so that a value is not valid for any other use of the
 * secret.
 */
export class Sessions {
  readonly lifetimeMs = SESSION_MS;
  readonly #key: Buffer;
  readonly #clock: Clock;

  constructor(secret: string, clock: Clock) {
    this.#key = Buffer.from(hkdfSync("sha256", secret, "", "holon dashboard session", 32));
    this.#clock = clock;
  }

  issue(userId: string): string {
    const body = Buffer.from(JSON.stringify({ userId, untilMs: this.#clock.nowMs() + SESSION_MS })).toString("base64url");
    return `${body}.${this.#sign(`session ${body}`)}`;
  }

  /** Undefined if the value was not issued by this app, or is too old. */
  read(value: string): Session | undefined {
    const [body = "", signature = "", ...rest] = value.length > GREATEST_LENGTH ? [] : value.split(".");
    if (rest.length > 0 || !isEqual(signature, this.#sign(`session ${body}`))) return undefined;
    const { userId, untilMs } = JSON.parse(Buffer.from(body, "base64url").toString()) as { userId: string; untilMs: number };
    return untilMs > this.#clock.nowMs() ? { userId, formToken: this.#sign(`form ${value}`) } : undefined;
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

/** Compares in a time that does not depend on how much is equal. */
export function isEqual(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

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
