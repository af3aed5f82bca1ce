import { MESH_PROTOCOL } from "./frame-kind.ts";

/** Which end of a connection proves its identity. A proof of one end is not valid for the other. */
export type Side = "caller" | "callee";

/**
 * Everything that a proof is bound to.
 *
 * The two fresh random values make it valid for one connection only. It has both keys; otherwise a callee could forward its caller's proof to a
 * third process and pass for that caller there. It has the channel; otherwise an attacker inside the encrypted connection could do the same.
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
