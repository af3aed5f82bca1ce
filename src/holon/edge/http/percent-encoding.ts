import { catalogueError, type HolonError } from "../../kernel/index.ts";

/** A text of a path or a header, decoded. Shape: undefined where it is not percent-encoded as it should be, or not as UTF-8. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A name or a value of a query string, decoded: `+` is a space. Shape: as {@link percentDecoded}. */
export function queryDecoded(text: string): string | undefined {
  return percentDecoded(text.includes("+") ? text.replaceAll("+", " ") : text);
}

/** Refuses a URL that cannot be decoded. */
export function malformedUrl(): HolonError {
  return catalogueError("BAD_REQUEST", "The URL is not percent-encoded UTF-8.");
}
