import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Handshake, handshakeText, type Side } from "../protocol/handshake.ts";

const NONCE = /^[A-Za-z0-9_-]{32}$/;

/** 192 random bits as text. */
export function createNonce(): string {
  return randomBytes(24).toString("base64url");
}

/** Whether a value has the form of a nonce. */
export function isNonce(value: unknown): value is string {
  return typeof value === "string" && NONCE.test(value);
}

/**
 * Proves that one end knows the secret, without sending it.
 *
 * Guarantee: a proof is good for one side of one handshake. A recorded or reflected proof opens no other connection.
 * Source: ISO/IEC 9798-4, mutual three-pass authentication with a keyed check function.
 */
export function createProof(secret: string, side: Side, handshake: Handshake): string {
  return createHmac("sha256", secret).update(handshakeText(side, handshake)).digest("base64url");
}

/** Whether a proof is the right one. It takes the same time wherever the difference is. */
export function isProof(given: unknown, secret: string, side: Side, handshake: Handshake): boolean {
  if (typeof given !== "string") return false;
  const expected = Buffer.from(createProof(secret, side, handshake));
  const actual = Buffer.from(given);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
