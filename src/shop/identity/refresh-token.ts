import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";

const SECRET_BYTES = 32;
const TOKEN = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

/** A refresh token: the session that it belongs to, and what nobody can guess. */
export interface RefreshToken {
  readonly sessionId: string;
  readonly secret: string;
}

/** The first token of a new session. */
export function newRefreshToken(): RefreshToken {
  return { sessionId: randomUUID(), secret: randomSecret() };
}

/** 256 random bits as text that a cookie and an address can hold. */
export function randomSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** Reads a token as it was sent. Shape: undefined for what can be none. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, sessionId, secret] = TOKEN.exec(text) ?? [];
  return sessionId === undefined || secret === undefined ? undefined : { sessionId, secret };
}

/** The text that is handed out. */
export function refreshTokenText({ sessionId, secret }: RefreshToken): string {
  return `${sessionId}.${secret}`;
}

/** What is kept of a secret. One round of SHA-256 is enough for 256 random bits, which nobody can try out. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** Whether a hash is that of a secret. */
export function isHashOf(hash: string | null, secret: string): boolean {
  return hash !== null && timingSafeEqual(Buffer.from(hash), Buffer.from(secretHash(secret)));
}

/**
 * The secret that follows another.
 *
 * Made rather than drawn, so that the same token sent twice can be answered the same though only hashes are kept: `key` is random, drawn for this one step.
 */
export function successorOf(secret: string, key: string): string {
  return createHmac("sha256", key).update(secret).digest("base64url");
}
