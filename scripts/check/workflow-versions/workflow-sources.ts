import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript-6";

/** The source of one version of a workflow, without comments and layout. */
export interface WorkflowSource {
  /** Context, workflow and version, such as `orders.placeOrder@1`. */
  readonly name: string;
  readonly hash: string;
}

/** Finds the workflows of all contexts below a folder. Each context is a folder, and any of its files may declare versions and have bodies. */
export function workflowSources(contextsFolder: string): { readonly sources: readonly WorkflowSource[]; readonly faults: readonly string[] } {
  const sources: WorkflowSource[] = [];
  const faults: string[] = [];
  for (const context of readdirSync(contextsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const files = parseFolder(path.join(contextsFolder, context.name));
    const versions = new Map(files.flatMap(declaredVersions));
    const bodies = new Map(files.flatMap((file) => bodiesOf(file, versions)));
    for (const [name, version] of versions) {
      if (!bodies.has(`${name}@${version}`))
        faults.push(`${context.name}.${name}@${version}: its body is not written in a call of .workflows({ ... }) here`);
    }
    for (const [name, text] of bodies) sources.push({ name: `${context.name}.${name}`, hash: createHash("sha256").update(text).digest("hex") });
  }
  return { sources, faults };
}

function parseFolder(folder: string): readonly ts.SourceFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => ts.createSourceFile(name, readFileSync(path.join(folder, name), "utf8"), ts.ScriptTarget.Latest, true));
}

/** Finds `placeOrder: workflow({ version: 1, ... })` anywhere in a file. */
function declaredVersions(file: ts.SourceFile): readonly [string, string][] {
  return found(file, (node) => {
    if (!ts.isPropertyAssignment(node) || !ts.isCallExpression(node.initializer) || node.initializer.expression.getText() !== "workflow")
      return undefined;
    const [options] = node.initializer.arguments;
    const version = options !== undefined && ts.isObjectLiteralExpression(options) ? memberOf(options, "version") : undefined;
    return version === undefined || !ts.isPropertyAssignment(version) ? undefined : [node.name.getText(), version.initializer.getText()];
  });
}

/** The members of `.workflows({ ... })`: one body for each workflow, or the bodies of all its versions. */
function bodiesOf(file: ts.SourceFile, versions: ReadonlyMap<string, string>): readonly [string, string][] {
  const calls = found(file, (node) =>
    ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === "workflows" ? node : undefined,
  );
  return calls.flatMap(({ arguments: [handlers] }) => {
    if (handlers === undefined || !ts.isObjectLiteralExpression(handlers)) return [];
    return handlers.properties.flatMap((member): [string, string][] => {
      const name = member.name?.getText() ?? "";
      const value = ts.isPropertyAssignment(member) ? member.initializer : undefined;
      if (value === undefined || !ts.isObjectLiteralExpression(value)) return [[`${name}@${versions.get(name) ?? "?"}`, textOf(file, member)]];
      return value.properties.map((version) => [`${name}@${version.name?.getText()}`, textOf(file, version)]);
    });
  });
}

/**
 * The text of a body and of the declarations that it uses from its own file. Imported code is left out, because the code that a step calls may change without a
 * new version.
 */
function textOf(file: ts.SourceFile, body: ts.Node): string {
  const declared = topLevel(file);
  const used = new Set<ts.Node>([body]);
  for (const node of used) {
    const uses = found(node, (inner) => (ts.isIdentifier(inner) ? declared.get(inner.text) : undefined));
    // The statement that contains all bodies is not part of any of them.
    for (const other of uses) if (!contains(other, body)) used.add(other);
  }
  const printer = ts.createPrinter({ removeComments: true });
  return [...used].map((node) => printer.printNode(ts.EmitHint.Unspecified, node, file)).join("\n");
}

function topLevel(file: ts.SourceFile): ReadonlyMap<string, ts.Node> {
  return new Map(
    file.statements.flatMap((statement): [string, ts.Node][] => {
      if (ts.isVariableStatement(statement))
        return statement.declarationList.declarations.map((declaration) => [declaration.name.getText(), declaration]);
      return ts.isFunctionDeclaration(statement) && statement.name !== undefined ? [[statement.name.text, statement]] : [];
    }),
  );
}

function contains(outer: ts.Node, inner: ts.Node): boolean {
  return outer.getSourceFile() === inner.getSourceFile() && outer.pos <= inner.pos && inner.end <= outer.end;
}

function memberOf(object: ts.ObjectLiteralExpression, name: string): ts.ObjectLiteralElementLike | undefined {
  return object.properties.find((member) => member.name?.getText() === name);
}

/** The results of a function for a node and all nodes below it, without the undefined ones. */
function found<Value>(root: ts.Node, look: (node: ts.Node) => Value | undefined): readonly Value[] {
  const values: Value[] = [];
  const visit = (node: ts.Node): void => {
    const value = look(node);
    if (value !== undefined) values.push(value);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return values;
}
