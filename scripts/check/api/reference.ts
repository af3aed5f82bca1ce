import ts from "typescript-6";
import type { Declared } from "./declarations.ts";
import { type Entrance, type PublicName, TIERS, type Tier } from "./entrance.ts";
import { type Api, pageName, tidy } from "./report.ts";

/** Greatest width of a line of a page. Units: characters. */
const PAGE_WIDTH = 120;

const NOTE = "<!-- Written by `npm run docs:generate` from the docstrings; `npm run check` compares. -->";

/** The pages that explain the names of the entrances, by path. */
export function referencePages(api: Api): ReadonlyMap<string, string> {
  return new Map(api.entrances.map((entrance) => [`docs/reference/${pageName(entrance.specifier)}`, entrancePage(api, entrance)]));
}

/** Exported names that the toolkit itself declares, without a docstring. */
export function docstringFaults({ entrances, declarations }: Api): string[] {
  return entrances.flatMap(({ specifier, file, names }) =>
    names.flatMap(({ name }) => {
      const found = declarations.find(file, name);
      return found !== undefined && "statements" in found && docstring(found) === "" ? [`${name} of ${specifier} has no docstring`] : [];
    }),
  );
}

function entrancePage(api: Api, entrance: Entrance): string {
  const { specifier, names, purposes } = entrance;
  const part = (tier: Tier): string => {
    const entries = names.filter((each) => each.tier === tier).map((each) => entry(api, entrance, each));
    return [`## ${TIERS[tier]}`, wrap(sentence(purposes[tier] ?? "")), ...entries].join("\n\n");
  };
  const parts = (Object.keys(TIERS) as Tier[]).map(part).join("\n\n");
  const lead = wrap(`What \`${specifier}\` exports. The [report](../api/${pageName(specifier)}) has the whole signatures.`);
  return `# Reference of ${specifier}\n\n${NOTE}\n\n${lead}\n\n${parts}\n`;
}

function entry({ declarations }: Api, { file }: Entrance, { name, deprecated }: PublicName): string {
  const found = declarations.find(file, name);
  if (found === undefined) throw new Error(`${file} exports ${name}, which is not declared`);
  const marks = deprecated === undefined ? [] : [wrap(`**Deprecated.** ${deprecated}`)];
  if (!("statements" in found)) return [`### ${name}`, ...marks, `From \`${found.package}\`.`].join("\n\n");
  return [`### ${name}`, ...marks, `\`\`\`ts no-check\n${commentedText(found)}\n\`\`\``, proseOf(docstring(found))].join("\n\n").trimEnd();
}

/** The declaration with the comments of its members. */
function commentedText({ syntax, statements }: Declared): string {
  return statements.map((statement) => tidy(statement.getText(syntax))).join("\n");
}

function docstring({ statements }: Declared): string {
  return statements
    .flatMap((statement) => ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc))
    .map(({ comment }) => (typeof comment === "string" ? comment : (comment ?? []).map(partText).join("")))
    .join("\n\n")
    .trim();
}

/** The text of a part of a docstring. A link becomes the name to which it leads, as code. */
function partText(part: ts.JSDocComment): string {
  if (part.kind === ts.SyntaxKind.JSDocText) return part.text;
  const link = part.getText().replace(/^\{@\w+\s*|\}$/g, "");
  return `\`${link
    .split("|")
    .at(-1)
    ?.replace(/^import\("[^"]*"\)\./, "")
    .trim()}\``;
}

/** A docstring as Markdown. Lines such as `Errors: ...` and items of lists begin a paragraph; an indented block is kept as it is written. */
export function proseOf(comment: string): string {
  return comment
    .split(/\n\s*\n|\n(?=(?:[A-Z][a-z]+:|-) )/)
    .map((block) => {
      const lines = block.split("\n");
      return lines.every((line) => line.startsWith("    "))
        ? `\`\`\`text\n${lines.map((line) => line.slice(4)).join("\n")}\n\`\`\``
        : wrap(lines.map((line) => line.trim()).join(" "));
    })
    .join("\n\n");
}

/** Breaks a paragraph into lines. Code and links are not broken. */
function wrap(paragraph: string): string {
  const words = paragraph.match(/(?:`[^`]*`|\[[^\]]*\]\([^)]*\)|[^\s`[]|\[|`)+/g) ?? [];
  const lines: string[] = [];
  for (const word of words) {
    const joined = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && joined.length <= PAGE_WIDTH) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  return lines.join("\n");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
