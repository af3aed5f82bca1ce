import ts from "typescript-6";
import { isTestFile, lineOf, readTree, walk } from "../floors/source-tree.ts";

/** A regular expression of the sources. */
export interface SourcePattern {
  readonly file: string;
  readonly line: number;
  /** As it is written, between slashes; a call of RegExp where it is made of a text. */
  readonly text: string;
  /** Undefined for one that is made of a text. */
  readonly literal: { readonly source: string; readonly flags: string } | undefined;
}

/** Every regular expression below a root that is not of a test, and every place that makes one of a text. */
export function sourcePatterns(root: string): readonly SourcePattern[] {
  const patterns: SourcePattern[] = [];
  for (const { path: file, syntax } of readTree(root).values()) {
    if (isTestFile(file)) continue;
    walk(syntax, (node) => {
      const at = { file, line: lineOf(syntax, node), text: node.getText(syntax) };
      if (ts.isRegularExpressionLiteral(node)) patterns.push({ ...at, literal: parts(at.text) });
      else if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText(syntax) === "RegExp")
        patterns.push({ ...at, literal: undefined });
    });
  }
  return patterns;
}

function parts(text: string): { readonly source: string; readonly flags: string } {
  const end = text.lastIndexOf("/");
  return { source: text.slice(1, end), flags: text.slice(end + 1) };
}
