import ts from "typescript-6";

/**
 * The comments of a program, or the text of a page, in a string that is as long as the file. All other characters are blank, so that an offset in the string is
 * also an offset in the file.
 */
export type Prose = string;

/** Replaces code in a sentence, so that no phrase matches across it. */
const CODE = "\u0001";

/** The comments of a program, without the code in them. */
export function proseOfSource(file: string, text: string): Prose {
  let at = 0;
  let prose = "";
  for (const [from, to] of commentsOf(file, text)) {
    // Comments with only white space between them are read as one.
    const between = text.slice(at, from);
    prose += between.trim() === "" ? between : CODE + " ".repeat(between.length - 1);
    prose += text.slice(from, to).replace(/^\/[*/]+|\*\/$|(?<=\n)[ \t]*(?:\/\/|\*(?!\/))/g, (mark) => " ".repeat(mark.length));
    at = to;
  }
  return withoutCode(prose);
}

/** The text of a page of Markdown, without code, link addresses and comments. */
export function proseOfPage(text: string): Prose {
  return withoutCode(text.replace(/(?<=\]\()[^)\s]+|<!--[\s\S]*?-->/g, (found) => found.replace(/[^\n]/g, CODE)));
}

function withoutCode(text: string): Prose {
  return text.replace(/```[\s\S]*?```|`[^`\n]+`|(?<=\{@link )[^}]*(?=\})/g, (found) => found.replace(/[^\n]/g, CODE));
}

/** The positions of the comments in a program. Text in a string, a pattern or JSX that looks like a comment is not one. */
function commentsOf(file: string, text: string): [from: number, to: number][] {
  const kind = file.endsWith("x") ? ts.ScriptKind.TSX : file.endsWith(".mjs") ? ts.ScriptKind.JS : ts.ScriptKind.TS;
  const syntax = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, kind);
  const literals: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (isText(node)) literals.push(node);
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(syntax, visit);
  const comments: [number, number][] = [];
  let at = 0;
  const readGap = (end: number): void => {
    const mark = /\/\/|\/\*/g;
    for (mark.lastIndex = at; ; mark.lastIndex = at) {
      const found = mark.exec(text);
      if (found === null || found.index >= end) return;
      const close = found[0] === "//" ? text.indexOf("\n", found.index) : text.indexOf("*/", found.index) + 2;
      at = close < found.index ? text.length : close;
      comments.push([found.index, at]);
    }
  };
  for (const literal of literals) {
    // White space before JSX text belongs to the text.
    readGap(literal.kind === ts.SyntaxKind.JsxText ? literal.pos : literal.getStart(syntax));
    at = Math.max(at, literal.end);
  }
  readGap(text.length);
  return comments;
}

function isText(node: ts.Node): boolean {
  switch (node.kind) {
    case ts.SyntaxKind.StringLiteral:
    case ts.SyntaxKind.NoSubstitutionTemplateLiteral:
    case ts.SyntaxKind.TemplateHead:
    case ts.SyntaxKind.TemplateMiddle:
    case ts.SyntaxKind.TemplateTail:
    case ts.SyntaxKind.RegularExpressionLiteral:
    case ts.SyntaxKind.JsxText:
      return true;
    default:
      return false;
  }
}
