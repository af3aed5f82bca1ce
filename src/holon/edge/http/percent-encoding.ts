import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";

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
