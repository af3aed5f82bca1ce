import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";

const SECRET_BYTES = 32;
const TOKEN = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{43})$/;

/** A refresh token: the id of its session, and a random secret. */
export interface RefreshToken {
  readonly sessionId: string;
  readonly secret: string;
}

/** The first token of a new session. */
export function newRefreshToken(): RefreshToken {
  return { sessionId: randomUUID(), secret: randomSecret() };
}

/** 256 random bits as text that is valid in a cookie and in a URL. */
export function randomSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** Reads a token as it was sent. Shape: undefined if the text is not a refresh token. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, sessionId, secret] = TOKEN.exec(text) ?? [];
  return sessionId === undefined || secret === undefined ? undefined : { sessionId, secret };
}

/** The text that a client gets. */
export function refreshTokenText({ sessionId, secret }: RefreshToken): string {
  return `${sessionId}.${secret}`;
}

/** The hash that is stored for a secret. One round of SHA-256 is enough, because 256 random bits cannot be guessed. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** Whether a hash is the hash of a secret. */
export function isHashOf(hash: string | null, secret: string): boolean {
  return hash !== null && timingSafeEqual(Buffer.from(hash), Buffer.from(secretHash(secret)));
}

/**
 * The secret that follows another.
 *
 * It is computed from the secret before it. So a token that is sent twice gets the same answer, although only hashes are stored. `key` is random, and
 * new for each exchange.
 */
export function successorOf(secret: string, key: string): string {
  return createHmac("sha256", key).update(secret).digest("base64url");
}
