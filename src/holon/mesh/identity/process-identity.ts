import type { Clock } from "../../kernel/index.ts";
import { type Handshake, handshakeText, type Side } from "../protocol/handshake.ts";
import { PLAIN_PRINCIPALS, type PrincipalVouching } from "../protocol/principal-vouching.ts";
import { createProof, isProof } from "./membership.ts";
import type { ProcessKey } from "./process-key.ts";
import type { Roster } from "./roster.ts";
import { SignedPrincipals, type TokenLimits } from "./signed-principals.ts";

/** Another process that has proved itself. */
export interface ProvenPeer {
  /** Whether it may speak for a context, or for `edge`. */
  speaksFor(name: string): boolean;
}

/** How a process proves itself to others, and what it makes of their proofs. One a process. */
export interface ProcessIdentity {
  /** What others know it by; undefined for a process that proves membership only. */
  readonly publicKey: string | undefined;
  readonly principals: PrincipalVouching;
  /** What it sends as proof of itself. */
  prove(side: Side, handshake: Handshake): string;
  /** Who the other end is; undefined where its proof is not good. */
  check(side: Side, handshake: Handshake, proof: unknown): ProvenPeer | undefined;
  /** Why a process that shows this key is not who hosts these contexts; undefined where nothing speaks against it. */
  calleeFault(publicKey: string | undefined, contexts: readonly string[]): string | undefined;
}

const MEMBER: ProvenPeer = { speaksFor: () => true };

/** An identity that proves membership only: whoever knows the secret may speak for anybody. For development. */
export function createSecretIdentity(secret: string): ProcessIdentity {
  return {
    publicKey: undefined,
    principals: PLAIN_PRINCIPALS,
    prove: (side, handshake) => createProof(secret, side, handshake),
    check: (side, handshake, proof) => (isProof(proof, secret, side, handshake) ? MEMBER : undefined),
    calleeFault: (publicKey) =>
      publicKey === undefined ? undefined : "it shows a key, and this process has none: set HOLON_KEY and HOLON_PEERS here too",
  };
}

/** What {@link createKeyIdentity} needs. */
export interface KeyIdentityOptions {
  readonly key: ProcessKey;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly limits: TokenLimits;
}

/**
 * An identity of its own: a key, and a roster that says for whom which key speaks.
 *
 * Guarantee: what a peer may speak for is read from the roster, never from what it says.
 * Source: ISO/IEC 9798-3, mutual three-pass authentication with signatures, both identities signed.
 */
export function createKeyIdentity({ key, roster, clock, limits }: KeyIdentityOptions): ProcessIdentity {
  return {
    publicKey: key.publicKey,
    principals: new SignedPrincipals({ key, roster, clock, limits }),
    prove: (side, handshake) => key.sign(handshakeText(side, handshake)),
    check(side, handshake, proof) {
      const { callerKey = "", calleeKey = "" } = handshake;
      const publicKey = side === "caller" ? callerKey : calleeKey;
      if (!roster.isSignedBy(publicKey, handshakeText(side, handshake), proof)) return undefined;
      const names = roster.namesOf(publicKey);
      return { speaksFor: (name) => names.has(name) };
    },
    calleeFault(publicKey, contexts) {
      if (publicKey === undefined) return "it shows no key: has it HOLON_KEY?";
      const names = roster.namesOf(publicKey);
      const missing = contexts.filter((context) => !names.has(context));
      return missing.length === 0 ? undefined : `its key ${publicKey} is not bound to ${missing.join(" and ")} in HOLON_PEERS`;
    },
  };
}
