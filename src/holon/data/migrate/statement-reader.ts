import type { SqlToken } from "./sql-tokens.ts";

/** How many tokens of a statement an excerpt shows. */
const EXCERPT_TOKENS = 8;

/** Reads the tokens of one statement from left to right. */
export class StatementReader {
  readonly #tokens: readonly SqlToken[];
  #at = 0;

  constructor(tokens: readonly SqlToken[]) {
    this.#tokens = tokens;
  }

  /** Takes these words if they come next, all of them or none. */
  take(words: string): boolean {
    const wanted = words.split(" ");
    if (!wanted.every((word, index) => isWord(this.#tokens[this.#at + index], word))) return false;
    this.#at += wanted.length;
    return true;
  }

  /** Takes the first of these choices that comes next. */
  takeOne(choices: readonly string[]): string | undefined {
    return choices.find((words) => this.take(words));
  }

  /** Takes a name, such as `orders.lines` or `"orders"."lines"`; undefined if no name comes next. */
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

  /** Takes the content of the parentheses that come next; empty if none come. */
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

  /** Skips to the first of these signs, or to the end if there is none. */
  skipTo(sign: string): void {
    while (this.#at < this.#tokens.length && !isSign(this.#tokens[this.#at], sign)) this.#at++;
  }

  /** The rest, split at the commas outside of parentheses. */
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

/** The first tokens of a statement as a text, so that people can find it. */
export function excerptOf(tokens: readonly SqlToken[]): string {
  const texts = tokens.slice(0, EXCERPT_TOKENS).map(({ kind, value }) => (kind === "text" ? "'...'" : value));
  return texts.join(" ").replaceAll(" . ", ".");
}

/** Whether these words follow each other outside of parentheses. */
export function hasWords(tokens: readonly SqlToken[], words: string): boolean {
  const outer = outside(tokens);
  const wanted = words.split(" ");
  return outer.some((_, start) => wanted.every((word, index) => isWord(outer[start + index], word)));
}

/** The tokens outside of parentheses. */
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
