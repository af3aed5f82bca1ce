import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { EnvironmentReader } from "./environment-reader.ts";
import type { MeshTlsPlan } from "./plan.ts";

const PARTS = { cert: "HOLON_MESH_TLS_CERT", key: "HOLON_MESH_TLS_KEY", ca: "HOLON_MESH_TLS_CA" } as const;

/** The PEM texts for TLS between processes: all three must be given and fit together. Undefined if TLS is off. */
export function readMeshTls(reader: EnvironmentReader): MeshTlsPlan | undefined {
  const given = Object.values(PARTS).filter((name) => reader.hasSecret(name));
  const [cert, key, ca] = [reader.secret(PARTS.cert), reader.secret(PARTS.key), reader.secret(PARTS.ca)];
  if (given.length === 0) return undefined;
  const missing = Object.values(PARTS).filter((name) => !given.includes(name));
  for (const name of missing) reader.refuse(name, `is missing: ${given.join(" and ")} is set.`, "Set all three, in PEM, or none.");
  if (cert === undefined || key === undefined || ca === undefined) return undefined;
  const bad = [PARTS.cert, PARTS.ca].filter((name) => !isCertificate(name === PARTS.cert ? cert : ca));
  for (const name of bad) reader.refuse(name, "is no certificate.", "Set it to the PEM text of one, or of several, each with its BEGIN and END.");
  if (bad.length === 0 && !belongTogether(cert, key))
    reader.refuse(PARTS.key, `is not the key of ${PARTS.cert}.`, "Set it to its private key, in PEM, without a passphrase.");
  return { cert, key, ca };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function belongTogether(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}
