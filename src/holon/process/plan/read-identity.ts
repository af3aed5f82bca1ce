import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { type ProcessKey, parseProcessKey, parsePublicKey } from "../../mesh/identity/process-key.ts";
import { EDGE, type RosterKeys } from "../../mesh/identity/roster.ts";
import { maskedValue, meant } from "./configuration-error.ts";
import type { EnvironmentReader } from "./environment-reader.ts";
import { type AppShape, type MeshTlsPlan, namesOf, type Role } from "./plan.ts";
import { knownContexts } from "./variables.ts";

/**
 * How a process uses the mesh. `none`: not at all; `open`: other processes may call it; `shared`: it calls other processes, or only other processes can call
 * it.
 */
type MeshUse = "none" | "open" | "shared";

/** The parts of the process that decide which names its key must speak for. */
interface IdentityNeeds {
  readonly contexts: readonly string[];
  readonly roles: readonly Role[];
  /** Contexts that the process calls in other processes. */
  readonly callees: readonly string[];
  readonly mesh: MeshUse;
}

/** The key and the roster. Either both are set, or neither is. */
type KeyPlan = { readonly key: ProcessKey; readonly peers: RosterKeys } | { readonly key?: undefined; readonly peers?: undefined };

const KEY_CURE =
  "Set it to a private Ed25519 key, as a JWK or as PKCS #8 in PEM: `node main.js key` makes one, so does openssl genpkey -algorithm ed25519.";
const PEERS_CURE = 'Write it as JSON, public keys by context and for the edge: {"edge": ["..."], "orders": ["...", "..."]}.';

/** How this process and the others prove their identity: by keys, by certificates, by a secret. */
type IdentityPlan = KeyPlan & SecretPlan & { readonly meshTls?: MeshTlsPlan };

/** Reads how this process and the others prove their identity. */
export function readIdentity(shape: AppShape, needs: IdentityNeeds, production: boolean, reader: EnvironmentReader): IdentityPlan {
  const keys = readKeys(shape, needs, production, reader);
  const meshTls = readMeshTls(reader);
  const secret = readSecret(countsOnSecret(needs, production, reader) ? needs.mesh : "none", production, reader);
  return { ...keys, ...(meshTls === undefined ? {} : { meshTls }), ...secret };
}

/**
 * Reads the key of this process and those of the others. In production a process that is one of several must have a key, unless HOLON_ALLOW_SECRET_ONLY allows
 * a shared secret instead.
 */
function readKeys(shape: AppShape, needs: IdentityNeeds, production: boolean, reader: EnvironmentReader): KeyPlan {
  const hasKey = reader.hasSecret("HOLON_KEY");
  const hasPeers = reader.hasSecret("HOLON_PEERS");
  const isSecretEnough = reader.isAllowed("HOLON_ALLOW_SECRET_ONLY") || !production || needs.mesh !== "shared";
  const key = readKey(reader);
  const peers = readPeers(shape, reader);
  if (hasPeers && !hasKey) reader.refuse("HOLON_KEY", "is missing: HOLON_PEERS is set.", KEY_CURE);
  if (hasKey && !hasPeers) reader.refuse("HOLON_PEERS", "is missing: HOLON_KEY is set.", PEERS_CURE);
  if (!hasKey && !hasPeers && !isSecretEnough) {
    reader.refuse(
      "HOLON_KEY",
      "is missing: in production each process must prove its identity.",
      `${KEY_CURE} Give all processes its public half in HOLON_PEERS. Or allow a secret, which proves membership only, by HOLON_ALLOW_SECRET_ONLY=yes.`,
    );
  }
  if (key === undefined || peers === undefined) return {};
  if (needs.mesh !== "none") refuseUnbound(key, peers, needs, reader);
  return { key, peers };
}

/** Whether processes use a shared secret to prove that they belong to the app. */
function countsOnSecret(needs: IdentityNeeds, production: boolean, reader: EnvironmentReader): boolean {
  if (reader.hasSecret("HOLON_KEY") || reader.hasSecret("HOLON_PEERS")) return false;
  return !production || needs.mesh !== "shared" || reader.has("HOLON_ALLOW_SECRET_ONLY");
}

function readKey(reader: EnvironmentReader): ProcessKey | undefined {
  const text = reader.secret("HOLON_KEY");
  const key = text === undefined ? undefined : parseProcessKey(text);
  if (text !== undefined && key === undefined) reader.refuse("HOLON_KEY", "is not a private Ed25519 key.", KEY_CURE);
  return key;
}

function readPeers(shape: AppShape, reader: EnvironmentReader): RosterKeys | undefined {
  const text = reader.secret("HOLON_PEERS");
  if (text === undefined) return undefined;
  const entries = parseEntries(text);
  if (entries === undefined) {
    reader.refuse("HOLON_PEERS", "is not a JSON object.", PEERS_CURE);
    return undefined;
  }
  const names = [EDGE, ...knownContexts(shape)];
  const peers = new Map<string, string[]>();
  for (const [name, value] of entries) {
    const keys = Array.isArray(value) ? value : [value];
    // A text that is not a public key may be a private key that got here by mistake, so it is not shown.
    if (!names.includes(name)) {
      reader.refuse(
        "HOLON_PEERS",
        `names ${maskedValue(name)}, which is not a context of the app.`,
        `${meant(name, names)}Names are: ${names.join(", ")}.`,
      );
    } else if (keys.length === 0 || !keys.every(isPublicKey)) {
      reader.refuse("HOLON_PEERS", `has for ${name} a value that is not a public key.`, "A public key has 43 characters: the x of the JWK.");
    } else peers.set(name, keys);
  }
  return Object.fromEntries(peers);
}

function parseEntries(text: string): [string, unknown][] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
  } catch {
    return undefined;
  }
}

function isPublicKey(value: unknown): value is string {
  return typeof value === "string" && parsePublicKey(value) !== undefined;
}

function refuseUnbound(key: ProcessKey, peers: RosterKeys, needs: IdentityNeeds, reader: EnvironmentReader): void {
  const unbound = namesOf(needs).filter((name) => peers[name]?.includes(key.publicKey) !== true);
  if (unbound.length > 0) {
    reader.refuse(
      "HOLON_PEERS",
      `does not bind the key of this process to ${unbound.join(" and ")}.`,
      `Add ${key.publicKey} there in the HOLON_PEERS of all processes, or set the HOLON_KEY that is bound already.`,
    );
  }
  const unknown = needs.callees.filter((context) => peers[context] === undefined);
  if (unknown.length > 0) reader.refuse("HOLON_PEERS", `has no key of ${unknown.join(" and ")}, which this process calls.`, PEERS_CURE);
}

/** The shortest secret that production accepts. */
const LEAST_LENGTH = 32;

/** The secret that proves membership and signs sessions: it is given, or the code that starts the process must make it up. */
type SecretPlan = { readonly secret: string; readonly secretMadeUp: false } | { readonly secretMadeUp: true };

/**
 * Reads the secret. If another process has to know the secret, it is not made up. That is so if this process calls other processes, or if only other processes
 * can call it; in production, also if it listens on the mesh at all. There are two exceptions. HOLON_ALLOW_MADE_UP_SECRET allows a made-up secret. And if
 * processes have keys, no other process has to know the secret; `mesh` is then `none`.
 */
function readSecret(mesh: MeshUse, production: boolean, reader: EnvironmentReader): SecretPlan {
  const secret = reader.secret("HOLON_SECRET");
  const mayMakeUp = reader.isAllowed("HOLON_ALLOW_MADE_UP_SECRET") || (production ? mesh === "none" : mesh !== "shared");
  const howTo = `Set it to at least ${LEAST_LENGTH} random characters, the same for all processes of the app: openssl rand -base64 32`;
  if (secret !== undefined) {
    if (production && secret.length < LEAST_LENGTH) reader.refuse("HOLON_SECRET", `has ${secret.length} characters.`, `${howTo}.`);
    return { secret, secretMadeUp: false };
  }
  if (!mayMakeUp && !reader.hasSecret("HOLON_SECRET")) {
    reader.refuse(
      "HOLON_SECRET",
      production ? "is missing: in production no secret is made up." : "is missing: this process and others must have the same.",
      `${howTo}; or allow a made-up one by HOLON_ALLOW_MADE_UP_SECRET=yes.`,
    );
  }
  return { secretMadeUp: true };
}

const PARTS = { cert: "HOLON_MESH_TLS_CERT", key: "HOLON_MESH_TLS_KEY", ca: "HOLON_MESH_TLS_CA" } as const;

/** The PEM texts for TLS between processes: all three must be given and fit together. Undefined if TLS is off. */
function readMeshTls(reader: EnvironmentReader): MeshTlsPlan | undefined {
  const given = Object.values(PARTS).filter((name) => reader.hasSecret(name));
  const [cert, key, ca] = [reader.secret(PARTS.cert), reader.secret(PARTS.key), reader.secret(PARTS.ca)];
  if (given.length === 0) return undefined;
  const missing = Object.values(PARTS).filter((name) => !given.includes(name));
  for (const name of missing) reader.refuse(name, `is missing: ${given.join(" and ")} is set.`, "Set all three, in PEM, or none.");
  if (cert === undefined || key === undefined || ca === undefined) return undefined;
  const bad = [PARTS.cert, PARTS.ca].filter((name) => !isCertificate(name === PARTS.cert ? cert : ca));
  for (const name of bad) reader.refuse(name, "is not a certificate.", "Set it to the PEM text of one, or of several, each with its BEGIN and END.");
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
