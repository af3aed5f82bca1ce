import ts from "typescript-6";
import { REAL_WORLD_EXCEPTIONS, REAL_WORLD_FLOORS } from "./house.ts";
import { isTestFile, lineOf, type SourceFile, walk } from "./source-tree.ts";
import { floorName } from "./toolkit-rules.ts";
import type { Violation } from "./violation.ts";

/** Globals that floors outside of {@link REAL_WORLD_FLOORS} must not use, with the forbidden members; an empty list forbids all members. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = { process: ["env", "exit"], Date: ["now"], Math: ["random"], console: [] };

/** Uses of the real clock, randomness, environment and console on floors that must get them as parameters. */
export function realWorldViolations(file: SourceFile): Violation[] {
  if (!isPure(file.path)) return [];
  const violations: Violation[] = [];
  walk(file.syntax, (node) => {
    const touched = touchedBy(node);
    if (touched === undefined || REAL_WORLD_EXCEPTIONS[file.path]?.includes(touched)) return;
    violations.push({ rule: "real-world", file: file.path, line: lineOf(file.syntax, node), problem: `${touched} must come as a parameter` });
  });
  return violations;
}

function isPure(file: string): boolean {
  if (isTestFile(file)) return false;
  if (file.startsWith("contracts/") || file.startsWith("src/shop/contexts/")) return true;
  const floor = floorName(file);
  return floor === undefined ? file === "src/holon/index.ts" : !REAL_WORLD_FLOORS.includes(floor);
}

function touchedBy(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
    return forbiddenMember(objectName(node.expression), memberName(node));
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer !== undefined) {
    return firstForbidden(
      objectName(node.initializer),
      node.name.elements.map((element) => (element.propertyName ?? element.name).getText()),
    );
  }
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier) && /^(node:)?process$/.test(node.moduleSpecifier.text)) {
    const bindings = node.importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings)) return undefined;
    return firstForbidden(
      "process",
      bindings.elements.map((element) => (element.propertyName ?? element.name).text),
    );
  }
  const isNow = ts.isNewExpression(node) && node.expression.getText() === "Date" && (node.arguments?.length ?? 0) === 0;
  return isNow ? "new Date()" : undefined;
}

/** The object's name: `Date` for `Date` and for `globalThis.Date`. */
function objectName(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  const isGlobal =
    ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) && /^(globalThis|global|window)$/.test(node.expression.text);
  return isGlobal ? node.name.text : undefined;
}

function memberName(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): string {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : "";
}

function firstForbidden(object: string | undefined, members: readonly string[]): string | undefined {
  return members.map((member) => forbiddenMember(object, member)).find((touched) => touched !== undefined);
}

function forbiddenMember(object: string | undefined, member: string): string | undefined {
  if (object === undefined || !Object.hasOwn(FORBIDDEN, object)) return undefined;
  const members = FORBIDDEN[object] ?? [];
  if (members.length === 0) return object;
  return members.includes(member) ? `${object}.${member}` : undefined;
}
