import ts from "typescript-6";
import type { Declarations, Declared } from "./declarations.ts";
import { type Entrance, type PublicName, TIERS, type Tier } from "./entrance.ts";

/** What the package exports. */
export interface Api {
  readonly entrances: readonly Entrance[];
  readonly declarations: Declarations;
}

/**
 * Internal types that `RunningProcess` exposes. A program can hold such an object, but its parts are not promised, so the report names these types and
 * does not follow them.
 */
export const MACHINERY: ReadonlySet<string> = new Set(["CompiledContext", "OpenDatabase", "Timers", "Work"]);

const NOTE = "<!-- Written by `npm run api:accept` from the declarations of the package; `npm run check` compares. -->";

/** The file of docs/api and docs/reference for an entrance. */
export function pageName(specifier: string): string {
  return `${specifier.replace(/^holon\//, "")}.md`;
}

/** The report: one page for each entrance, and one for the types that signatures use and no entrance exports, by path. */
export function reportPages(api: Api): ReadonlyMap<string, string> {
  return new Map([
    ...api.entrances.map((entrance) => [`docs/api/${pageName(entrance.specifier)}`, entrancePage(api, entrance)] as const),
    ["docs/api/types.md", typesPage(api)],
  ]);
}

function entrancePage({ declarations }: Api, { specifier, file, names }: Entrance): string {
  const part = (tier: Tier): string => {
    const texts = names.filter((each) => each.tier === tier).map((each) => nameText(declarations, file, each));
    return `## ${TIERS[tier]}\n\n${fence(texts)}`;
  };
  return page(
    `The names of ${specifier}`,
    `What \`${specifier}\` exports, without comments: a change of this page is a change for users.
[types](types.md) has the types that these signatures use and that no entrance exports. The
[reference](../reference/${pageName(specifier)}) explains the names.`,
    (Object.keys(TIERS) as Tier[]).map(part).join("\n\n"),
  );
}

function nameText(declarations: Declarations, file: string, { name, deprecated }: PublicName): string {
  const found = declarations.find(file, name);
  if (found === undefined) throw new Error(`${file} exports ${name}, which is not declared`);
  const renamed = found.name === name ? name : `${found.name} as ${name}`;
  const mark = deprecated === undefined ? "" : "// deprecated\n";
  if (!("statements" in found)) return `${mark}export { ${renamed} } from "${found.package}";`;
  return `${mark}${found.name === name ? declarationText(found) : `export { ${renamed} };\n${declarationText(found)}`}`;
}

function typesPage(api: Api): string {
  const texts = unexportedTypes(api).map((declared) => [declared.name, declarationText(declared)] as const);
  const sorted = texts.sort(([one, oneText], [other, otherText]) => (one === other ? compare(oneText, otherText) : compare(one, other)));
  const machinery = [...MACHINERY].map((name) => `\`${name}\``).join(", ");
  return page(
    "Types that no entrance exports",
    `Signatures of the [entrances](holon.md) use these types, directly or through other types.
A program cannot import them, but a change of this page changes what it can write. The machinery that a
\`RunningProcess\` hands out is not followed: ${machinery}.`,
    fence([...new Set(sorted.map(([, text]) => text))]),
  );
}

/** Every declaration that a public name uses, directly or through other declarations, if no entrance exports it. */
function unexportedTypes({ entrances, declarations }: Api): readonly Declared[] {
  const key = ({ file, name }: Declared): string => `${file}#${name}`;
  const exported = new Map<string, Declared>();
  for (const { file, names } of entrances) {
    for (const { name } of names) {
      const found = declarations.find(file, name);
      if (found !== undefined && "statements" in found) exported.set(key(found), found);
    }
  }
  const reached = new Map(exported);
  for (const declared of reached.values()) {
    for (const next of declarations.namedBy(declared)) if (!MACHINERY.has(next.name)) reached.set(key(next), next);
  }
  return [...reached].filter(([each]) => !exported.has(each)).map(([, declared]) => declared);
}

/** A declaration without comments and private members, as it stands in a report. */
export function declarationText({ syntax, statements }: Declared): string {
  const printer = ts.createPrinter({ removeComments: true });
  return statements.map((statement) => tidy(printer.printNode(ts.EmitHint.Unspecified, statement, syntax))).join("\n");
}

/** Removes parts that say nothing about a name: `export declare`, private members, and where an imported type comes from. */
export function tidy(text: string): string {
  return text
    .replace(/^export (?:declare )?/, "")
    .replace(/^declare /, "")
    .replace(/\bimport\("\.[^"]*"\)\./g, "")
    .split("\n")
    .filter((line) => !/^\s+(?:#private|private [^;]*);$/.test(line))
    .map((line) => line.replace(/^(?: {4})+/, (indent) => " ".repeat(indent.length / 2)))
    .join("\n");
}

function fence(texts: readonly string[]): string {
  return `\`\`\`ts no-check\n${texts.join("\n\n")}\n\`\`\``;
}

function page(title: string, lead: string, body: string): string {
  return `# ${title}\n\n${NOTE}\n\n${lead}\n\n${body}\n`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
