/** A text of a path or a header, decoded. Shape: undefined where it is not percent-encoded as it should be. */
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
