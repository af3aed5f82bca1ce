import { isUtf8 } from "node:buffer";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";

/**
 * Decodes bytes as UTF-8. Shape: undefined if they are not UTF-8. `toString` would replace each byte that does not fit by U+FFFD, and a password of
 * ten bytes 0xE9 would be the same as a password of ten bytes 0xE8.
 */
export function utf8Text(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}

const ASCII = /^[\t\x20-\x7e]*$/;

/**
 * The text of a header, whose value Node returns with one character for each byte.
 *
 * Errors: BAD_REQUEST that names the header, if its bytes are not UTF-8.
 */
export function headerText(name: string, value: string): string {
  if (ASCII.test(value)) return value;
  const text = utf8Text(Buffer.from(value, "latin1"));
  if (text === undefined) throw notUtf8(`The header ${name}`, name);
  return text;
}

/** The error for bytes that are not UTF-8. */
export function notUtf8(what: string, path: string): HolonError {
  const message = "not UTF-8";
  return catalogueError("BAD_REQUEST", `${what} is ${message}.`, { details: { issues: [{ path, code: "invalid_encoding", message }] } });
}

/** Whether a text of a request's head is printable ASCII, as everything percent-encoded is. Node reads other bytes as Latin-1. */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/** Decodes a text of a path or a header. Shape: undefined if its percent-encoding is malformed or is not UTF-8. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Decodes a name or a value of a query string; `+` is a space. Shape: as {@link percentDecoded}. */
export function queryDecoded(text: string): string | undefined {
  return percentDecoded(text.includes("+") ? text.replaceAll("+", " ") : text);
}

/** The error for a URL that cannot be decoded. */
export function malformedUrl(): HolonError {
  return catalogueError("BAD_REQUEST", "The URL is not percent-encoded UTF-8.");
}
