import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { z } from "zod";

const PublicKey = z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string().min(1), kid: z.string().min(1) });
const PrivateKey = z.object({ ...PublicKey.shape, d: z.string().min(1) });

/** Keys that sign and check tokens: Ed25519, each with a `kid`. */
export interface TokenKeys {
  /** Only the process that hosts the users context needs the private key. */
  readonly privateKey: JWK | undefined;
  /** Every key whose tokens are still valid: during a change of keys, the old and the new one. */
  readonly publicKeys: readonly JWK[];
}

/** Makes a new key pair. */
export async function newTokenKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID() };
}

/** Reads a private key from the environment: one JWK as JSON. Errors: throws if the text is something else. */
export function parsePrivateKey(text: string): JWK {
  return PrivateKey.parse(JSON.parse(text));
}

/** Reads public keys from the environment: a JSON list of JWKs, each with a `kid` of its own. Errors: throws if the text is something else. */
export function parsePublicKeys(text: string): readonly JWK[] {
  const isOwn = (keys: readonly JWK[]): boolean => new Set(keys.map(({ kid }) => kid)).size === keys.length;
  return z.array(PublicKey).min(1).refine(isOwn, "two keys have one kid").parse(JSON.parse(text));
}

/** Whether the public half of a private key is in a set of keys. */
export function isAmong(privateKey: JWK, publicKeys: readonly JWK[]): boolean {
  return publicKeys.some(({ kid, x }) => kid === privateKey.kid && x === privateKey.x);
}

/** The public half of a key pair. */
export function publicHalf(privateKey: JWK): JWK {
  return PublicKey.parse(privateKey);
}

/**
 * The key pair of a development machine, from a file that is made if it is missing.
 *
 * Guarantee: processes that start at once use the same pair. The file appears whole or not at all, and only its owner can read it.
 */
export async function developmentTokenKeys(file: string): Promise<TokenKeys> {
  await createOnce(file, JSON.stringify(await newTokenKey()));
  const privateKey = parsePrivateKey(await readFile(file, "utf8"));
  return { privateKey, publicKeys: [publicHalf(privateKey)] };
}

async function createOnce(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600, flag: "wx" });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft);
  }
}
