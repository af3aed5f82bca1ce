import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign, verify } from "node:crypto";

const PUBLIC_KEY = /^[A-Za-z0-9_-]{43}$/;

/**
 * The Ed25519 key of a process: the private half signs, and other processes know it by the public half.
 *
 * Shape: `publicKey` is the `x` of the JWK, 43 characters of base64url. The private half cannot be read from here, so no log can print it.
 */
export class ProcessKey {
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.publicKey = createPublicKey(privateKey).export({ format: "jwk" }).x as string;
  }

  /** Signs a text. Shape: 86 characters of base64url. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#privateKey).toString("base64url");
  }
}

/** Makes a key, and the JWK in which it is stored. */
export function createProcessKey(): { readonly key: ProcessKey; readonly jwk: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { crv, d, kty, x } = privateKey.export({ format: "jwk" });
  return { key: new ProcessKey(privateKey), jwk: JSON.stringify({ kty, crv, x, d }) };
}

/**
 * Reads a private Ed25519 key: a JWK, or PKCS #8 in PEM as `openssl genpkey -algorithm ed25519` writes it.
 *
 * Shape: undefined if the text is not such a key, or if the halves of a JWK do not belong together.
 */
export function parseProcessKey(text: string): ProcessKey | undefined {
  try {
    const jwk = text.startsWith("{") ? (JSON.parse(text) as JsonWebKey) : undefined;
    const privateKey = jwk === undefined ? createPrivateKey(text) : createPrivateKey({ key: jwk, format: "jwk" });
    if (privateKey.asymmetricKeyType !== "ed25519") return undefined;
    const key = new ProcessKey(privateKey);
    return jwk === undefined || jwk.x === key.publicKey ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The public key of another process, to check signatures with; undefined if the text is not a public key. */
export function parsePublicKey(text: string): KeyObject | undefined {
  if (!PUBLIC_KEY.test(text)) return undefined;
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: text }, format: "jwk" });
  } catch {
    return undefined;
  }
}

/** Whether the owner of a key made this signature of a text. */
export function isSignature(signature: unknown, text: string, publicKey: KeyObject): boolean {
  if (typeof signature !== "string") return false;
  return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, "base64url"));
}
