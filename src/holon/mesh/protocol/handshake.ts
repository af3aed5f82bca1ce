import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { MESH_PROTOCOL } from "./frame-kind.ts";

/** Which end of a connection proves its identity. A proof of one end is not valid for the other. */
export type Side = "caller" | "callee";

/**
 * Everything that a proof is bound to.
 *
 * The two fresh random values make a proof valid for one connection only. A proof is bound to both keys; otherwise a callee could forward its
 * caller's proof to a third process and pass for that caller there. It is bound to the channel, too; otherwise an attacker inside the encrypted
 * connection could do the same.
 */
export interface Handshake {
  readonly caller: string;
  readonly callee: string;
  /** Public keys of both ends, if they have keys. */
  readonly callerKey?: string | undefined;
  readonly calleeKey?: string | undefined;
  /** A value that only the two ends of one TLS connection know; absent without TLS. */
  readonly channel?: string | undefined;
}

/** The text that one end signs to prove itself in a handshake. */
export function handshakeText(side: Side, { caller, callee, callerKey = "", calleeKey = "", channel = "" }: Handshake): string {
  return [MESH_PROTOCOL, side, caller, callee, callerKey, calleeKey, channel].join("\n");
}

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
 * Guarantee: a proof is valid for one side of one handshake. A recorded or reflected proof opens no other connection.
 * Source: ISO/IEC 9798-4, mutual three-pass authentication with a keyed check function.
 */
export function createProof(secret: string, side: Side, handshake: Handshake): string {
  return createHmac("sha256", secret).update(handshakeText(side, handshake)).digest("base64url");
}

/** Whether a proof is the right one. The check takes the same time wherever a wrong proof differs from the right one. */
export function isProof(given: unknown, secret: string, side: Side, handshake: Handshake): boolean {
  if (typeof given !== "string") return false;
  const expected = Buffer.from(createProof(secret, side, handshake));
  const actual = Buffer.from(given);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
