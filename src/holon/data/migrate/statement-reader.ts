/** A word, quoted name, text or sign of a statement. Comments are left out. */
export interface SqlToken {
  readonly kind: "word" | "quoted" | "text" | "sign";
  /** A word in lower case; a quoted name without its quotes; empty for a text. */
  readonly value: string;
}

/** A parsed piece of SQL. */
interface SqlText {
  /** The tokens of each statement. A semicolon ends a statement. */
  readonly statements: readonly (readonly SqlToken[])[];
  /** The text of each line comment, trimmed, in order. */
  readonly comments: readonly string[];
}

const SPACE = /\s+/y;
const LINE_COMMENT = /--([^\n]*)/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const QUOTED_NAME = /"([^"]*(?:""[^"]*)*)"/y;
const TEXT = /'[^']*(?:''[^']*)*'/y;
/** `E'...'`: a backslash escapes the next character. */
const ESCAPED_TEXT = /[eE]'[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*'/y;
const DOLLAR_QUOTE = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;

/**
 * Cuts SQL into statements and tokens as Postgres reads it: the content of a text, a quoted name or a comment is never a word.
 *
 * Each character is read a limited number of times. A text or comment without an end reaches to the end of the SQL.
 */
export function sqlTokens(sql: string): SqlText {
  const statements: SqlToken[][] = [];
  const comments: string[] = [];
  let statement: SqlToken[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(sql);
    if (match !== null) at += match[0].length;
    return match;
  };
  const add = (kind: SqlToken["kind"], value: string): void => void statement.push({ kind, value });
  const endStatement = (): void => {
    if (statement.length > 0) statements.push(statement);
    statement = [];
  };
  while (at < sql.length) {
    if (take(SPACE) !== null) continue;
    const comment = take(LINE_COMMENT);
    if (comment !== null) {
      comments.push((comment[1] ?? "").trim());
      continue;
    }
    if (sql.startsWith("/*", at)) {
      at = endOfBlockComment(sql, at);
      continue;
    }
    if (take(ESCAPED_TEXT) !== null || take(TEXT) !== null) {
      add("text", "");
      continue;
    }
    const name = take(QUOTED_NAME);
    if (name !== null) {
      add("quoted", (name[1] ?? "").replaceAll('""', '"'));
      continue;
    }
    const tag = take(DOLLAR_QUOTE);
    if (tag !== null) {
      const end = sql.indexOf(tag[0], at);
      at = end === -1 ? sql.length : end + tag[0].length;
      add("text", "");
      continue;
    }
    const word = take(WORD);
    if (word !== null) {
      add("word", word[0].toLowerCase());
      continue;
    }
    const sign = sql[at] as string;
    at++;
    if (sign === "'" || sign === '"') at = sql.length;
    if (sign === ";") endStatement();
    else add("sign", sign);
  }
  endStatement();
  return { statements, comments };
}

/** Block comments of Postgres nest. */
function endOfBlockComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}

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

  /** Skips to the first sign of this kind, or to the end if none comes. */
  skipTo(sign: string): void {
    while (this.#at < this.#tokens.length && !isSign(this.#tokens[this.#at], sign)) this.#at++;
  }

  /** The tokens that are left, split at the commas outside of parentheses. */
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
