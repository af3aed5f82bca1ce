import { queryDecoded } from "../http/request-text.ts";

/** A decoded parameter of a query string or a form. */
export interface QueryPair {
  readonly name: string;
  readonly value: string;
}

/** Reads the query string of a URL. Shape: as {@link parsePairs}. */
export function parseQuery(url: string): readonly QueryPair[] | undefined {
  const mark = url.indexOf("?");
  return mark < 0 ? [] : parsePairs(url.slice(mark + 1));
}

/**
 * Reads a query string or a form, in its order. A parameter without `=` is empty.
 *
 * Shape: undefined if the percent-encoding is malformed or is not UTF-8.
 */
export function parsePairs(text: string): readonly QueryPair[] | undefined {
  const pairs: QueryPair[] = [];
  for (const part of text.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = queryDecoded(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : queryDecoded(part.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    pairs.push({ name, value });
  }
  return pairs;
}
