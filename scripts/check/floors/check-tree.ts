import { existsSync } from "node:fs";
import path from "node:path";
import { fileCycles } from "./file-cycles.ts";
import { ENTRANCES, GREATEST_FILE_LINES } from "./house.ts";
import { realWorldViolations } from "./real-world.ts";
import { shopViolations } from "./shop-rules.ts";
import { readTree, resolveImport, type SourceFile } from "./source-tree.ts";
import { storefrontViolations } from "./storefront-rules.ts";
import { toolkitViolations } from "./toolkit-rules.ts";
import type { Violation } from "./violation.ts";

/** All violations of the house rules in the sources below `root`. */
export function checkTree(root: string): Violation[] {
  const tree = readTree(root);
  const perFile = [...tree.values()].flatMap((file) => [
    ...toolkitViolations(file),
    ...shopViolations(file, tree),
    ...storefrontViolations(file),
    ...realWorldViolations(file),
    ...missingFiles(root, file),
    ...tooLong(file),
    ...innerIndex(file),
  ]);
  return [...perFile, ...fileCycles(tree)];
}

/** Imports of files that do not exist. Such an import would hide everything behind it from the other rules. */
function missingFiles(root: string, file: SourceFile): Violation[] {
  return file.imports.flatMap(({ specifier, line }) => {
    const target = resolveImport(file.path, specifier);
    if (target === undefined || existsSync(path.join(root, target))) return [];
    return [{ rule: "missing-file", file: file.path, line, problem: `${specifier} is not a file` }];
  });
}

/** A list of exports inside the toolkit would hide from a reader, and from the other rules, which file a name comes from. */
function innerIndex(file: SourceFile): Violation[] {
  const isInner = file.path.startsWith("src/holon/") && file.path.endsWith("/index.ts") && !Object.values(ENTRANCES).includes(file.path);
  return isInner ? [{ rule: "inner-index", file: file.path, line: 1, problem: "is not an entrance: import the file that declares the name" }] : [];
}

function tooLong(file: SourceFile): Violation[] {
  const lines = file.text.split("\n").length - 1;
  return lines <= GREATEST_FILE_LINES
    ? []
    : [{ rule: "file-length", file: file.path, line: 1, problem: `${lines} lines, at most ${GREATEST_FILE_LINES}: split it into two files` }];
}
