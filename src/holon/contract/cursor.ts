import { z } from "zod";
import { createParser, ParseFailure } from "./parser.ts";
import { textHash } from "./text-hash.ts";

/** The cursors of one list, for its contract and its handler. */
export interface Cursor<Position> {
  /** The schema of a cursor in the input. A text that was not written for this list is refused with BAD_REQUEST, like any other value that does not fit. */
  readonly schema: z.ZodString;
  /** Writes the position of a row as a text, for the answer. To continue after that row, callers send this text back unchanged. */
  write(position: Position): string;
  /** The position in a text that the schema has accepted; undefined for any other text. */
  read(text: string): Position | undefined;
}

const GREATEST_LENGTH = 2_000;
const TEXT = /^[0-9a-f]{16}([\w-]+)$/;

/**
 * Cursors for a list. The list continues after a given row, however many rows were added or removed before it; pages by number would skip or repeat rows.
 *
 * A cursor contains a position and a check sum. The check sum catches mistakes, but it does not protect anything: a user who invents a cursor gets another part
 * of a list that the user may read anyway.
 *
 * Shape: `list` names the list, so that a cursor of one list is refused by another; `position` is the schema of the value by which the rows are sorted.
 */
export function cursor<Position>(list: string, position: z.ZodType<Position>): Cursor<Position> {
  const parse = createParser(position);
  const sumOf = (encoded: string): string => textHash(`${list} ${encoded}`);
  const read = (text: string): Position | undefined => {
    const encoded = TEXT.exec(text)?.[1];
    if (encoded === undefined || sumOf(encoded) !== text.slice(0, 16)) return undefined;
    const parsed = parse(decode(encoded));
    return parsed instanceof ParseFailure ? undefined : (parsed as Position);
  };
  return {
    schema: z
      .string()
      .max(GREATEST_LENGTH)
      .refine((text) => read(text) !== undefined, "This is not a cursor of this list: send `next` of the page before, unchanged"),
    write(place) {
      const encoded = encode(place);
      return sumOf(encoded) + encoded;
    },
    read,
  };
}

function encode(value: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Reads the JSON in a base64url text; undefined if the text does not contain JSON. */
function decode(encoded: string): unknown {
  try {
    const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0))));
  } catch {
    return undefined;
  }
}
