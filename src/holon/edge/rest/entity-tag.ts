import { textHash } from "../../contract/text-hash.ts";

/**
 * The ETag of an answer: `"<version>-<hash of the body>"`, or the hash alone where the answer has no version.
 *
 * The version alone would lie to caches: a row may hold what moves without it, as the stock of a product does. The hash alone would lie to
 * those who edit, whom such moves do not concern. So caches compare the whole, and `If-Match` the version in front.
 */
export function toEntityTag(output: unknown, json: string): string {
  const version = versionOf(output);
  return version === undefined ? `"${textHash(json)}"` : `"${version}-${textHash(json)}"`;
}

/** The version of a row; undefined for what has none. */
export function versionOf(value: unknown): number | undefined {
  const version = typeof value === "object" && value !== null ? (value as { readonly version?: unknown }).version : undefined;
  return typeof version === "number" ? version : undefined;
}

/** Whether `If-None-Match` names the tag, so that the client has the answer already. Compares weakly (RFC 9110, 13.1.2). */
export function isKnownTag(ifNoneMatch: string, tag: string): boolean {
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((each) => each.trim().replace(/^W\//, "") === tag);
}

/** What `If-Match` asks for: the row in a version, in one of several, or as it is; undefined where no row can ever match. */
export type VersionWanted = { readonly version: number } | "any" | "several" | undefined;

const VERSIONED_TAG = /^\s*(?:W\/)?"(\d{1,15})(?:-[0-9a-f]{16})?"\s*$/;

/**
 * Reads `If-Match`.
 *
 * A weak tag counts like a strong one, against the letter of RFC 9110: proxies that compress make every tag weak, and the version in it is as
 * true as before. A version alone, as in `"3"`, is a tag too.
 */
export function parseIfMatch(ifMatch: string): VersionWanted {
  if (ifMatch.trim() === "*") return "any";
  const versions = new Set(ifMatch.split(",").flatMap((tag) => VERSIONED_TAG.exec(tag)?.[1] ?? []));
  if (versions.size > 1) return "several";
  for (const version of versions) return { version: Number(version) };
  return undefined;
}
