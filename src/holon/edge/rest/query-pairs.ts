import { queryDecoded } from "../percent-encoding.ts";

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
  const pairs: QueryPair[] = [];
  if (mark < 0) return pairs;
  for (const part of url.slice(mark + 1).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = queryDecoded(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : queryDecoded(part.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    pairs.push({ name, value });
  }
  return pairs;
}
