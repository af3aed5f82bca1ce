import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** What a process needs for TLS with other processes: PEM texts. */
export interface MeshTls {
  /** The certificate of the process, with the certificates that lead to the authority. */
  readonly cert: string;
  readonly key: string;
  /** The authority that must have signed the certificates of both ends. */
  readonly ca: string;
}

/** What each end requires of the other. Only TLS 1.3 is allowed, because only there the value that a proof is bound to is unique. */
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

const CHANNEL_BYTES = 32;

/**
 * A value that only the two ends of a TLS connection know, so that proofs can be bound to it. Undefined without TLS.
 *
 * Source: RFC 9266, tls-exporter.
 */
export function channelOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  return socket.exportKeyingMaterial(CHANNEL_BYTES, "EXPORTER-Channel-Binding", Buffer.alloc(0)).toString("base64url");
}
