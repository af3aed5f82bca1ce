import { createProof, type Handshake, handshakeText, isProof, type Side } from "../protocol/handshake.ts";
import { PLAIN_PRINCIPALS, type PrincipalVouching } from "../protocol/wire-principal.ts";
import { type KeyIdentityDeps, SignedPrincipals } from "./signed-principals.ts";

/** Another process, after its proof was checked. */
export interface ProvenPeer {
  /** Whether the process may speak for a context, or for `edge`. */
  speaksFor(name: string): boolean;
}

/** How a process proves its identity to other processes, and how it checks theirs. Each process has one identity. */
export interface ProcessIdentity {
  /** The key by which other processes know this process; undefined for a process that proves membership only. */
  readonly publicKey: string | undefined;
  readonly principals: PrincipalVouching;
  /** The proof that this process sends. */
  prove(side: Side, handshake: Handshake): string;
  /** The identity of the other end; undefined if its proof is not valid. */
  check(side: Side, handshake: Handshake, proof: unknown): ProvenPeer | undefined;
  /** Why a process with this key cannot be the host of these contexts; undefined if it can be. */
  calleeFault(publicKey: string | undefined, contexts: readonly string[]): string | undefined;
}

const MEMBER: ProvenPeer = { speaksFor: () => true };

/** An identity that proves membership only: a process that knows the secret may speak for any context and any principal. It is meant for development. */
export function createSecretIdentity(secret: string): ProcessIdentity {
  return {
    publicKey: undefined,
    principals: PLAIN_PRINCIPALS,
    prove: (side, handshake) => createProof(secret, side, handshake),
    check: (side, handshake, proof) => (isProof(proof, secret, side, handshake) ? MEMBER : undefined),
    calleeFault: (publicKey) =>
      publicKey === undefined ? undefined : "the peer shows a key, and this process has none: set HOLON_KEY and HOLON_PEERS here too",
  };
}

/**
 * An identity of the process itself: a key, and a roster that says which contexts each key speaks for.
 *
 * Guarantee: what a peer may speak for comes from the roster, never from what the peer says.
 * Source: ISO/IEC 9798-3, mutual three-pass authentication with signatures, both identities signed.
 */
export function createKeyIdentity(deps: KeyIdentityDeps): ProcessIdentity {
  const { key, roster } = deps;
  return {
    publicKey: key.publicKey,
    principals: new SignedPrincipals(deps),
    prove: (side, handshake) => key.sign(handshakeText(side, handshake)),
    check(side, handshake, proof) {
      const { callerKey = "", calleeKey = "" } = handshake;
      const publicKey = side === "caller" ? callerKey : calleeKey;
      if (!roster.isSignedBy(publicKey, handshakeText(side, handshake), proof)) return undefined;
      const names = roster.namesOf(publicKey);
      return { speaksFor: (name) => names.has(name) };
    },
    calleeFault(publicKey, contexts) {
      if (publicKey === undefined) return "the peer shows no key: is HOLON_KEY set there?";
      const names = roster.namesOf(publicKey);
      const missing = contexts.filter((context) => !names.has(context));
      return missing.length === 0 ? undefined : `the peer's key ${publicKey} is not bound to ${missing.join(" and ")} in HOLON_PEERS`;
    },
  };
}
