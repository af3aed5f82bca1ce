import { percentDecoded, queryDecoded } from "../http/request-text.ts";

/** The longest URL, in characters. If a batch needs a longer URL, its calls belong in several requests. */
export const URL_LENGTH = 16 * 1024;

/** What the URL of a tRPC request says. */
export interface TrpcUrl {
  /** One path, or several joined by commas in a batch; percent-decoded. */
  readonly path: string;
  readonly batch: boolean;
  readonly input: string | undefined;
  readonly connectionParams: string | undefined;
  readonly lastEventId: string | undefined;
}

/**
 * Reads a request URL as tRPC's adapters do: if several parameters have the same name, the first one counts, and `+` is a space.
 *
 * Shape: undefined if the percent-encoding of the path or of a value is malformed or is not UTF-8.
 */
export function parseTrpcUrl(url: string, prefixLength: number): TrpcUrl | undefined {
  const mark = url.indexOf("?");
  const path = percentDecoded(mark < 0 ? url.slice(prefixLength) : url.slice(prefixLength, mark));
  if (path === undefined) return undefined;
  // These values are still encoded, as they are in the URL.
  let batch: string | undefined;
  let input: string | undefined;
  let connectionParams: string | undefined;
  let lastEventId: string | undefined;
  for (let from = mark < 0 ? url.length : mark + 1; from < url.length; ) {
    const ampersand = url.indexOf("&", from);
    const end = ampersand < 0 ? url.length : ampersand;
    // The `=` is searched only within the pair. If many pairs have none, each search in the whole URL could go on to its end.
    const pair = url.slice(from, end);
    const equals = pair.indexOf("=");
    const value = equals < 0 ? "" : pair.slice(equals + 1);
    switch (equals < 0 ? pair : pair.slice(0, equals)) {
      case "batch":
        batch ??= value;
        break;
      case "input":
        input ??= value;
        break;
      case "connectionParams":
        connectionParams ??= value;
        break;
      case "lastEventId":
      case "Last-Event-Id":
        lastEventId ??= value;
        break;
      default:
    }
    from = end + 1;
  }
  return decodedUrl(path, batch === "1", textOf(input), textOf(connectionParams), textOf(lastEventId));
}

type Text = string | undefined | typeof MALFORMED;
const MALFORMED = Symbol("a value that is not percent-encoded UTF-8");

function textOf(value: string | undefined): Text {
  return value === undefined ? undefined : (queryDecoded(value) ?? MALFORMED);
}

function decodedUrl(path: string, batch: boolean, input: Text, connectionParams: Text, lastEventId: Text): TrpcUrl | undefined {
  if (input === MALFORMED || connectionParams === MALFORMED || lastEventId === MALFORMED) return undefined;
  return { path, batch, input, connectionParams, lastEventId };
}

const NAMES_AND_SEPARATORS = /^[\w.,-]*$/;
const EMPTY_SEGMENT = /(?:^|[.,])(?:$|[.,])/;

/** Whether an unknown path is malformed (`a,,b`, `a..b`, or empty). */
export function hasEmptySegment(path: string): boolean {
  return NAMES_AND_SEPARATORS.test(path) && EMPTY_SEGMENT.test(path);
}
