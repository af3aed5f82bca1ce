import { MESH_PROTOCOL } from "./frame-kind.ts";

/** Which end of a connection proves itself. A proof of one end is worthless as that of the other. */
export type Side = "caller" | "callee";

/**
 * All that a proof is bound to.
 *
 * The two fresh random values make it good for one connection only. Both keys are in it, or a callee could hand on what its caller proves to a
 * third process and be taken for that caller there. The channel is in it, or who sits inside an encrypted connection could do the same.
 */
export interface Handshake {
  readonly caller: string;
  readonly callee: string;
  /** Public keys of both ends, where they have keys. */
  readonly callerKey?: string | undefined;
  readonly calleeKey?: string | undefined;
  /** What both ends of one TLS connection know and nobody else; absent without TLS. */
  readonly channel?: string | undefined;
}

/** What one end proves that it knows of a handshake. */
export function handshakeText(side: Side, { caller, callee, callerKey = "", calleeKey = "", channel = "" }: Handshake): string {
  return [MESH_PROTOCOL, side, caller, callee, callerKey, calleeKey, channel].join("\n");
}
