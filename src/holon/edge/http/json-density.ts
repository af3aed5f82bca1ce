const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/** The most values that one JSON text may have. A megabyte of `[]` takes a hundred milliseconds to parse, one of ordinary data three. */
export const VALUES_COUNT = 100_000;

/** A shorter text cannot have so many values that parsing it takes long. */
const HARMLESS_LENGTH = 100_000;

/**
 * Whether a JSON text has more values than are parsed at once. The count is that of its commas, colons and opening brackets outside of strings.
 * The name of a member counts as a value: it is made like one, and costs more.
 *
 * Reads each character once, before anything is allocated for it, because the parser itself cannot be stopped half way.
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

/** The index of the closing quote; -1 if there is none, which the parser will report. */
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
