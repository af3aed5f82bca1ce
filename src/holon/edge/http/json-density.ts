const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/** Most values that one JSON text may hold. A megabyte of `[]` takes a hundred milliseconds to parse, one of ordinary data three. */
export const VALUES_COUNT = 100_000;

/** Shorter texts cannot hold so many values that parsing them takes long. */
const HARMLESS_LENGTH = 100_000;

/**
 * Whether a JSON text holds more values than are parsed at once, counted by its commas, colons and opening brackets outside of
 * strings: the name of a member is made like a value, and costs more.
 *
 * Looks at each character once, before anything is allocated for it: the parser itself cannot be stopped half way.
 */
export function isTooDense(text: string): boolean {
  if (text.length <= HARMLESS_LENGTH) return false;
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === QUOTE) {
      index = endOfString(text, index);
      if (index < 0) return false;
    } else if (character === COMMA || character === COLON || character === OPEN_BRACKET || character === OPEN_BRACE) {
      count++;
      if (count > VALUES_COUNT) return true;
    }
  }
  return false;
}

/** The index of the closing quote; -1 where there is none, which the parser will say. */
function endOfString(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close >= 0 && isEscaped(text, close)) close = text.indexOf('"', close + 1);
  return close;
}

function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (index - first) % 2 === 1;
}
