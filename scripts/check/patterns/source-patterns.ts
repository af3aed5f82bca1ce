import ts from "typescript-6";
import { isTestFile, lineOf, readTree, walk } from "../floors/source-tree.ts";

/** A regular expression of the sources. */
export interface SourcePattern {
  readonly file: string;
  readonly line: number;
  /** The pattern as it is written, between slashes; for a pattern that is made from a string, the call of RegExp. */
  readonly text: string;
  /** Undefined for a pattern that is made from a string. */
  readonly literal: { readonly source: string; readonly flags: string } | undefined;
}

/** Every regular expression below a root, and every place that makes one from a string; tests are left out. */
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
