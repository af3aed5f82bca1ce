import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { FewAtOnce } from "./few-at-once.ts";

/** Cost of scrypt: one password takes 32 MiB and about a tenth of a second. */
const COST = { N: 2 ** 15, r: 8, p: 1 } as const;
const MEMORY_BYTES = 64 * 1024 * 1024;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/**
 * A hash occupies one of Node's four threads, which also check tokens, read files and resolve names. At most three threads hash, so that one stays
 * free. If so many passwords wait that the wait would outlast a call, further calls are refused.
 */
const hashes = new FewAtOnce({ runningCount: 3, waitingCount: 200 });

/**
 * Hashes a password for storage, as in `scrypt$32768$8$1$<salt>$<hash>`.
 *
 * Errors: OVERLOADED if too many passwords wait to be hashed.
 * Source: RFC 7914. The cost is part of the text, so that it can be raised while old hashes stay valid.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, COST);
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/**
 * Whether a password matches a hash. A missing hash does not match, and the check takes as long as with a hash. So the time that the check takes does
 * not show whether an account exists.
 */
export async function isPassword(password: string, hashed: string | null | undefined): Promise<boolean> {
  const parts = (hashed ?? "").split("$");
  const [scheme, cost, blockSize, parallelism, salt, hash] = parts;
  if (scheme !== "scrypt" || salt === undefined || hash === undefined) {
    await derive(password, randomBytes(SALT_BYTES), COST);
    return false;
  }
  const expected = Buffer.from(hash, "base64url");
  const derived = await derive(password, Buffer.from(salt, "base64url"), { N: Number(cost), r: Number(blockSize), p: Number(parallelism) });
  return timingSafeEqual(derived, expected);
}

function derive(password: string, salt: Buffer, cost: { readonly N: number; readonly r: number; readonly p: number }): Promise<Buffer> {
  return hashes.run(
    () =>
      new Promise((resolve, reject) => {
        // A password is normalized, because keyboards compose letters such as é differently.
        scrypt(password.normalize("NFKC"), salt, HASH_BYTES, { ...cost, maxmem: MEMORY_BYTES }, (error, key) =>
          error === null ? resolve(key) : reject(error),
        );
      }),
  );
}
