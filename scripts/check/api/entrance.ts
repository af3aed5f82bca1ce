import ts from "typescript-6";

/** The tiers of names: a tier says for whom its names are. The text begins the comment above the names of that tier in an entrance. */
export const TIERS = { users: "For users", authors: "For authors of extensions" } as const;

export type Tier = keyof typeof TIERS;

/** A name that an entrance exports. */
export interface PublicName {
  readonly name: string;
  readonly tier: Tier;
  /** What to use instead; undefined for a name that stays. */
  readonly deprecated: string | undefined;
}

/** One entrance of the package. */
export interface Entrance {
  /** The entrance as a user imports it, such as `holon/client`. */
  readonly specifier: string;
  readonly file: string;
  /** The exported names, sorted. */
  readonly names: readonly PublicName[];
  /** What each tier is for: the rest of its comment. */
  readonly purposes: Readonly<Partial<Record<Tier, string>>>;
  readonly faults: readonly string[];
}

/**
 * Reads the source of an entrance: a list of names in two tiers, each below its comment.
 *
 * Faults: `export *`, a name outside of the tiers, and tiers in the wrong order or without names.
 */
export function readEntrance(specifier: string, file: string, text: string): Entrance {
  const syntax = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const headings = tierHeadings(text);
  const names: PublicName[] = [];
  const faults: string[] = [];
  for (const statement of syntax.statements) {
    const at = `${file}:${syntax.getLineAndCharacterOfPosition(statement.getStart()).line + 1}`;
    const tier = headings.findLast(({ offset }) => offset < statement.getStart())?.tier;
    if (!ts.isExportDeclaration(statement)) faults.push(`${at} declares something: an entrance only lists names of other files`);
    else if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause))
      faults.push(`${at} is an \`export *\`: list the names, each in its tier`);
    else if (tier === undefined) faults.push(`${at} stands above the tiers: move it below "// ${TIERS.users}" or "// ${TIERS.authors}"`);
    else for (const element of statement.exportClause.elements) names.push({ name: element.name.text, tier, deprecated: deprecationOf(element) });
  }
  const order = headings.map(({ tier }) => tier).join(", ");
  if (order !== Object.keys(TIERS).join(", "))
    faults.push(`${file} has the tiers: ${order || "none"}. Write first "// ${TIERS.users}: ...", then "// ${TIERS.authors}: ..."`);
  names.sort((one, other) => (one.name < other.name ? -1 : 1));
  return { specifier, file, names, purposes: Object.fromEntries(headings.map(({ tier, purpose }) => [tier, purpose])), faults };
}

function tierHeadings(text: string): { readonly tier: Tier; readonly purpose: string; readonly offset: number }[] {
  return [...text.matchAll(/^\/\/ (For [a-z ]+): (.*)$/gm)].flatMap(({ 1: title, 2: purpose = "", index }) => {
    const tier = (Object.keys(TIERS) as Tier[]).find((each) => TIERS[each] === title);
    return tier === undefined ? [] : [{ tier, purpose, offset: index }];
  });
}

function deprecationOf(element: ts.ExportSpecifier): string | undefined {
  const comment = ts.getLeadingCommentRanges(element.getSourceFile().text, element.pos)?.at(-1);
  if (comment === undefined) return undefined;
  const text = element.getSourceFile().text.slice(comment.pos, comment.end);
  return /@deprecated\s+(.*?)\s*\*\//s.exec(text)?.[1]?.replace(/\n\s*\*?\s*/g, " ");
}
