import { textHash } from "../../contract/text-hash.ts";

/**
 * The ETag of an answer: `"<version>-<hash of the body>"`, or the hash alone if the answer has no version.
 *
 * With the version alone, caches would keep outdated answers: a row may have a value that changes while the version stays the same, such as the stock
 * of a product. With the hash alone, such a change would fail the edits of clients, although it does not concern them. So caches compare the whole
 * tag, and `If-Match` compares only the version in front.
 */
export function toEntityTag(output: unknown, json: string): string {
  const version = versionOf(output);
  return version === undefined ? `"${textHash(json)}"` : `"${version}-${textHash(json)}"`;
}

/** The version of a row; undefined if the value has none. */
export function versionOf(value: unknown): number | undefined {
  const version = typeof value === "object" && value !== null ? (value as { readonly version?: unknown }).version : undefined;
  return typeof version === "number" ? version : undefined;
}

/** Whether `If-None-Match` has the tag; then the client has the answer already. Compares weakly (RFC 9110, 13.1.2). */
export function isKnownTag(ifNoneMatch: string, tag: string): boolean {
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((each) => each.trim().replace(/^W\//, "") === tag);
}

/** What `If-Match` requires: the row in one version, in one of several, or in any. Undefined if no row can ever match. */
type VersionWanted = { readonly version: number } | "any" | "several" | undefined;

const VERSIONED_TAG = /^\s*(?:W\/)?"(\d{1,15})(?:-[0-9a-f]{16})?"\s*$/;

/**
 * Reads `If-Match`.
 *
 * A weak tag counts like a strong one. RFC 9110 says otherwise, but proxies that compress make every tag weak, and the version in it is still
 * right. A version alone, such as `"3"`, is a tag too.
 */
export function parseIfMatch(ifMatch: string): VersionWanted {
  if (ifMatch.trim() === "*") return "any";
  const versions = new Set(ifMatch.split(",").flatMap((tag) => VERSIONED_TAG.exec(tag)?.[1] ?? []));
  if (versions.size > 1) return "several";
  for (const version of versions) return { version: Number(version) };
  return undefined;
}
