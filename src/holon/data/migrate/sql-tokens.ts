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
