import { createHash } from "node:crypto";

/** A hash of a JSON value: 64 hexadecimal digits. It does not depend on the order of names, nor on names without a value. */
export function requestHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/**
 * The hash of an input as it was given, not as it was parsed. Two versions of a contract parse it to different values, but a caller that calls
 * both has given one input. If JSON cannot carry the given input, it is the hash of the parsed one.
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
