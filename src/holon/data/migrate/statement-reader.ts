import type { SqlToken } from "./sql-tokens.ts";

/** How much of a statement an excerpt shows. */
const EXCERPT_TOKENS = 8;

/** Reads the tokens of one statement from the left. */
export class StatementReader {
  readonly #tokens: readonly SqlToken[];
  #at = 0;

  constructor(tokens: readonly SqlToken[]) {
    this.#tokens = tokens;
  }

  /** Takes these words where they come next, all of them or none. */
  take(words: string): boolean {
    const wanted = words.split(" ");
    if (!wanted.every((word, index) => isWord(this.#tokens[this.#at + index], word))) return false;
    this.#at += wanted.length;
    return true;
  }

  /** Takes the first of these that comes next. */
  takeOne(choices: readonly string[]): string | undefined {
    return choices.find((words) => this.take(words));
  }

  /** Takes a name, as in `orders.lines` or `"orders"."lines"`; undefined where something else comes next. */
  takeName(): string | undefined {
    const parts: string[] = [];
    do {
      const token = this.#tokens[this.#at];
      if (token === undefined || token.kind === "text" || token.kind === "sign") return undefined;
      parts.push(token.value);
      this.#at++;
    } while (this.#takeSign("."));
    return parts.join(".");
  }

  /** Takes what stands in the parentheses that come next; empty where none come. */
  takeGroup(): StatementReader {
    const start = this.#at;
    let depth = 0;
    do {
      const token = this.#tokens[this.#at];
      if (token === undefined) break;
      depth += depthChange(token);
      if (depth > 0 || this.#at > start) this.#at++;
    } while (depth > 0);
    return new StatementReader(this.#tokens.slice(start + 1, this.#at - 1));
  }

  /** Goes on to the first of these signs; to the end where it does not come. */
  skipTo(sign: string): void {
    while (this.#at < this.#tokens.length && !isSign(this.#tokens[this.#at], sign)) this.#at++;
  }

  /** All that is left, cut at the commas that stand in no parentheses. */
  parts(): readonly (readonly SqlToken[])[] {
    const parts: SqlToken[][] = [[]];
    let depth = 0;
    for (const token of this.rest()) {
      depth += depthChange(token);
      if (depth === 0 && isSign(token, ",")) parts.push([]);
      else parts.at(-1)?.push(token);
    }
    return parts;
  }

  rest(): readonly SqlToken[] {
    return this.#tokens.slice(this.#at);
  }

  #takeSign(sign: string): boolean {
    if (!isSign(this.#tokens[this.#at], sign)) return false;
    this.#at++;
    return true;
  }
}

/** The first tokens of a statement as a text, to find it by. */
export function excerptOf(tokens: readonly SqlToken[]): string {
  const texts = tokens.slice(0, EXCERPT_TOKENS).map(({ kind, value }) => (kind === "text" ? "'...'" : value));
  return texts.join(" ").replaceAll(" . ", ".");
}

/** Whether these words stand one after the other, outside of parentheses. */
export function hasWords(tokens: readonly SqlToken[], words: string): boolean {
  const outer = outside(tokens);
  const wanted = words.split(" ");
  return outer.some((_, start) => wanted.every((word, index) => isWord(outer[start + index], word)));
}

/** What stands outside of parentheses. */
function outside(tokens: readonly SqlToken[]): readonly SqlToken[] {
  let depth = 0;
  return tokens.filter((token) => {
    const before = depth;
    depth += depthChange(token);
    return before === 0 && depth === 0;
  });
}

function depthChange(token: SqlToken): number {
  if (isSign(token, "(")) return 1;
  return isSign(token, ")") ? -1 : 0;
}

function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === "word" && token.value === word;
}

function isSign(token: SqlToken | undefined, sign: string): boolean {
  return token?.kind === "sign" && token.value === sign;
}
