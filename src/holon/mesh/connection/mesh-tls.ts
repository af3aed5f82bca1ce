import type { Socket } from "node:net";
import { connect, TLSSocket } from "node:tls";
import type { MeshAddress } from "./mesh-address.ts";

/** What a process needs to speak TLS with others: PEM texts. */
export interface MeshTls {
  /** Its certificate, with those that lead to the authority. */
  readonly cert: string;
  readonly key: string;
  /** The authority that both ends must have their certificates from. */
  readonly ca: string;
}

/** What both ends ask of each other. TLS 1.3 only: what a proof is bound to is unique there. */
export function tlsOptions({ cert, key, ca }: MeshTls): {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly minVersion: "TLSv1.3";
  readonly requestCert: true;
  readonly rejectUnauthorized: true;
} {
  return { cert, key, ca, minVersion: "TLSv1.3", requestCert: true, rejectUnauthorized: true };
}

/** Connects; "secureConnect" says that the other end has a certificate of the authority, for the host that was dialled. */
export function connectTls({ host, port }: MeshAddress, tls: MeshTls): TLSSocket {
  const socket = connect({ host, port, ...tlsOptions(tls) });
  socket.setNoDelay(true);
  return socket;
}

const CHANNEL_BYTES = 32;

/**
 * What both ends of a TLS connection know and nobody else, for proofs to be bound to it; undefined on a bare socket.
 *
 * Source: RFC 9266, tls-exporter.
 */
export function channelOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  return socket.exportKeyingMaterial(CHANNEL_BYTES, "EXPORTER-Channel-Binding", Buffer.alloc(0)).toString("base64url");
}
