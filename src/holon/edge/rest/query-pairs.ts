/** A parameter of a query string, decoded. */
export interface QueryPair {
  readonly name: string;
  readonly value: string;
}

/**
 * Reads the query string of a URL, in its order; a parameter without `=` is empty.
 *
 * Shape: undefined where the percent-encoding is malformed.
 */
export function parseQuery(url: string): readonly QueryPair[] | undefined {
  const mark = url.indexOf("?");
  if (mark < 0 || mark === url.length - 1) return NONE;
  try {
    return url
      .slice(mark + 1)
      .split("&")
      .filter((part) => part !== "")
      .map(toPair);
  } catch {
    return undefined;
  }
}

const NONE: readonly QueryPair[] = [];

function toPair(part: string): QueryPair {
  const equals = part.indexOf("=");
  return equals < 0 ? { name: decode(part), value: "" } : { name: decode(part.slice(0, equals)), value: decode(part.slice(equals + 1)) };
}

function decode(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  return spaced.includes("%") ? decodeURIComponent(spaced) : spaced;
}
