import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript-6";
import { ENTRANCES } from "./house.ts";

/** One import, export-from, `import()` or import type of a file. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  readonly typeOnly: boolean;
}

/** A source file with its imports. Paths are relative to the root, with `/` as separator. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly syntax: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** All source files under a root, by path. */
export type SourceTree = ReadonlyMap<string, SourceFile>;

const SOURCE_FOLDERS = ["src", "contracts"];

/** Reads and parses the sources below `root`. */
export function readTree(root: string): SourceTree {
  const files = SOURCE_FOLDERS.flatMap((folder) => sourcePaths(root, folder));
  return new Map(files.map((file) => [file, parseFile(file, readFileSync(path.join(root, file), "utf8"))]));
}

function sourcePaths(root: string, folder: string): string[] {
  try {
    const entries = readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name) && !entry.parentPath.includes("node_modules"))
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Parses one file. */
export function parseFile(file: string, text: string): SourceFile {
  const syntax = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const add = (literal: ts.Node | undefined, typeOnly: boolean): void => {
    if (literal !== undefined && ts.isStringLiteralLike(literal)) imports.push({ specifier: literal.text, line: lineOf(syntax, literal), typeOnly });
  };
  walk(syntax, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyImport(node));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly || allTypes(node.exportClause));
    else if (ts.isImportTypeNode(node)) add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    else if (ts.isExternalModuleReference(node)) add(node.expression, false);
    else if (ts.isCallExpression(node) && isImportCall(node)) add(node.arguments[0], false);
  });
  return { path: file, text, syntax, imports };
}

/** Visits a node and all nodes below it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** The line of a node, counted from 1. */
export function lineOf(syntax: ts.SourceFile, node: ts.Node): number {
  return syntax.getLineAndCharacterOfPosition(node.getStart(syntax)).line + 1;
}

function isImportCall(node: ts.CallExpression): boolean {
  return node.expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(node.expression) && node.expression.text === "require");
}

function isTypeOnlyImport(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  return clause.name === undefined && allTypes(clause.namedBindings);
}

function allTypes(names: ts.Node | undefined): boolean {
  if (names === undefined || !(ts.isNamedImports(names) || ts.isNamedExports(names))) return false;
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}

/** The file of the repository that an import names; undefined for packages. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return path.posix.join(path.posix.dirname(from), specifier);
  if (specifier === "#contracts") return "contracts/index.ts";
  if (specifier.startsWith("#contracts/")) return `contracts/${specifier.slice("#contracts/".length)}/index.ts`;
  return ENTRANCES[specifier];
}

/** Whether a file is a test or is used only by tests. */
export function isTestFile(file: string): boolean {
  return /\.(test|testing|test-d)\.[cm]?tsx?$/.test(file);
}
