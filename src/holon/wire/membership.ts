import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { MESH_PROTOCOL } from "./frame-kind.ts";

/** Which end of a connection proves itself. A proof of one end is worthless as that of the other. */
export type Side = "caller" | "callee";

/** Two fresh random values, one of each end, that make every proof good for one connection only. */
export interface Nonces {
  readonly caller: string;
  readonly callee: string;
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
 * Guarantee: bound to protocol version, side and both nonces, so a recorded or reflected proof does not open another connection.
 * Source: ISO/IEC 9798-4, mutual three-pass authentication with a keyed check function.
 */
export function createProof(secret: string, side: Side, nonces: Nonces): string {
  return createHmac("sha256", secret).update(`${MESH_PROTOCOL}\n${side}\n${nonces.caller}\n${nonces.callee}`).digest("base64url");
}

/** Whether a proof is the right one; takes the same time wherever it differs. */
export function isProof(given: unknown, secret: string, side: Side, nonces: Nonces): boolean {
  if (typeof given !== "string") return false;
  const expected = Buffer.from(createProof(secret, side, nonces));
  const actual = Buffer.from(given);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
