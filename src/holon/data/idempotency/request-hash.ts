import { createHash } from "node:crypto";

/** A hash of a JSON value that does not depend on the order of its names, nor on names without value: 64 hexadecimal digits. */
export function requestHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/**
 * The hash of an input as it was given, not as it was parsed: two versions of a contract parse it to different values, and a caller that asks both
 * has given one input. Where JSON cannot carry what was given, it is the hash of what was parsed.
 */
export function inputHash(given: unknown, parsed: unknown): string {
  try {
    return requestHash(given);
  } catch {
    return requestHash(parsed);
  }
}

function canonicalJson(value: unknown): string {
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return text ?? "null";
}
