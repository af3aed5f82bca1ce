import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import ts from "typescript-6";
import { runCommand } from "../command.ts";

/** What is declared under a name: several statements if a function has overloads, or if a type and a value share the name. */
export interface Declared {
  readonly file: string;
  readonly name: string;
  readonly syntax: ts.SourceFile;
  readonly statements: readonly ts.Statement[];
}

/** A name that comes from a package. */
export interface FromPackage {
  readonly name: string;
  readonly package: string;
}

interface DeclarationFile {
  readonly syntax: ts.SourceFile;
  readonly declared: ReadonlyMap<string, readonly ts.Statement[]>;
  /** Imported and re-exported names: the module, and the name there. */
  readonly imported: ReadonlyMap<string, readonly [module: string, name: string]>;
  /** Modules of `export *`. */
  readonly stars: readonly string[];
}

/** Declaration files, parsed when a name of them is looked up. Paths are those of the sources, such as `src/holon/index.ts`. */
export class Declarations {
  private readonly files = new Map<string, DeclarationFile>();

  private readonly read: (file: string) => string;

  /** `read` gives the text of the declarations of a source file. */
  constructor(read: (file: string) => string) {
    this.read = read;
  }

  /** Follows imports and re-exports to the declaration of a name; undefined for names of the language, and for type parameters. */
  find(file: string, name: string): Declared | FromPackage | undefined {
    const { syntax, declared, imported, stars } = this.file(file);
    const statements = declared.get(name);
    if (statements !== undefined) return { file, name, syntax, statements };
    const [module, original] = imported.get(name) ?? [];
    if (module !== undefined && original !== undefined) return this.findIn(file, module, original);
    for (const star of stars) {
      const found = this.findIn(file, star, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The declarations that a declaration names, without declarations of packages. */
  namedBy({ file, statements }: Declared): readonly Declared[] {
    const found = new Set<Declared | FromPackage | undefined>();
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) found.add(this.find(file, node.text));
      else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal))
        found.add(node.qualifier && this.findIn(file, node.argument.literal.text, node.qualifier.getText()));
      ts.forEachChild(node, visit);
    };
    statements.forEach(visit);
    return [...found].filter((each) => each !== undefined && "statements" in each);
  }

  private findIn(file: string, module: string, name: string): Declared | FromPackage | undefined {
    return module.startsWith(".") ? this.find(path.posix.join(path.posix.dirname(file), module), name) : { name, package: module };
  }

  private file(file: string): DeclarationFile {
    const known = this.files.get(file);
    if (known !== undefined) return known;
    const parsed = parse(file, this.read(file));
    this.files.set(file, parsed);
    return parsed;
  }
}

function parse(file: string, text: string): DeclarationFile {
  const syntax = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const declared = new Map<string, ts.Statement[]>();
  const imported = new Map<string, readonly [string, string]>();
  const stars: string[] = [];
  const declare = (name: string, statement: ts.Statement): void => void declared.set(name, [...(declared.get(name) ?? []), statement]);
  for (const statement of syntax.statements) {
    if (ts.isImportDeclaration(statement)) addImports(statement, imported);
    else if (ts.isExportDeclaration(statement)) {
      const module = statement.moduleSpecifier === undefined ? undefined : textOf(statement.moduleSpecifier);
      if (module === undefined) continue;
      if (statement.exportClause === undefined) stars.push(module);
      else if (ts.isNamedExports(statement.exportClause))
        for (const { name, propertyName } of statement.exportClause.elements) imported.set(name.text, [module, (propertyName ?? name).text]);
    } else if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) declare(name.getText(), statement);
    else if (isNamed(statement)) declare(statement.name.text, statement);
  }
  return { syntax, declared, imported, stars };
}

function addImports({ moduleSpecifier, importClause }: ts.ImportDeclaration, imported: Map<string, readonly [string, string]>): void {
  const module = textOf(moduleSpecifier);
  const bindings = importClause?.namedBindings;
  if (importClause?.name !== undefined) imported.set(importClause.name.text, [module, "default"]);
  if (bindings !== undefined && ts.isNamedImports(bindings))
    for (const { name, propertyName } of bindings.elements) imported.set(name.text, [module, (propertyName ?? name).text]);
}

function textOf(node: ts.Expression): string {
  return ts.isStringLiteral(node) ? node.text : "";
}

function isNamed(statement: ts.Statement): statement is ts.Statement & { readonly name: ts.Identifier } {
  return (
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement)
  );
}

/**
 * The declarations of the toolkit, as its package has them.
 *
 * Emits all of them with `tsc`. It does not check the types, because the gate `types` does that. Errors: those that `tsc` reports.
 */
export function emitDeclarations(root: string): Declarations {
  const folder = mkdtempSync(path.join(tmpdir(), "holon-api-"));
  try {
    const options = ["-p", "tsconfig.build.json", "--noCheck", "--emitDeclarationOnly", "--outDir", folder];
    const { ok, output } = runCommand(path.join(root, "node_modules/.bin/tsc"), options, { cwd: root });
    if (!ok) throw new Error(`tsc ${options.join(" ")}:\n${output}`);
    const texts = new Map<string, string>();
    for (const file of ts.sys.readDirectory(folder, [".d.ts"]))
      texts.set(
        `src/${path
          .relative(folder, file)
          .replaceAll(path.sep, "/")
          .replace(/\.d\.ts$/, ".ts")}`,
        readFileSync(file, "utf8"),
      );
    return new Declarations((file) => {
      const text = texts.get(file);
      if (text === undefined) throw new Error(`tsc wrote no declarations of ${file}`);
      return text;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
