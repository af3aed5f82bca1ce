import type { UserPrincipal } from "holon";

/** How long a verified token is accepted without another check. */
export const REMEMBERED_MS = 60_000;

/** The most tokens that are remembered; the one that was verified longest ago is removed first. About 5 MB. */
export const GREATEST_COUNT = 10_000;

interface Remembered {
  readonly user: UserPrincipal;
  readonly untilMs: number;
}

/**
 * Tokens whose signature was checked recently: a check takes longer than most calls.
 *
 * Guarantee: no token is remembered after it expires, or longer than {@link REMEMBERED_MS} after it was verified. Invalid tokens are not remembered,
 * so that they cannot displace valid ones.
 */
export class VerifiedTokens {
  readonly #nowMs: () => number;
  readonly #users = new Map<string, Remembered>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  recall(token: string): UserPrincipal | undefined {
    const known = this.#users.get(token);
    if (known === undefined) return undefined;
    if (known.untilMs > this.#nowMs()) return known.user;
    this.#users.delete(token);
    return undefined;
  }

  remember(token: string, user: UserPrincipal, expiresAtMs: number): void {
    this.#users.delete(token);
    this.#users.set(token, { user, untilMs: Math.min(expiresAtMs, this.#nowMs() + REMEMBERED_MS) });
    if (this.#users.size > GREATEST_COUNT) this.#users.delete(this.#users.keys().next().value ?? "");
  }
}
