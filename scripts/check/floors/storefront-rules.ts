import { STOREFRONT_IMPORTS } from "./house.ts";
import { type Import, isTestFile, resolveImport, type SourceFile } from "./source-tree.ts";
import type { Violation } from "./violation.ts";

const STOREFRONT = "src/shop/web/";

/**
 * Forbidden imports of a storefront file, and forbidden imports of the storefront by other files: storefront and backend share only the types of
 * contracts.
 */
export function storefrontViolations(file: SourceFile): Violation[] {
  const problemOf = file.path.startsWith(STOREFRONT) ? storefrontProblem : outsideProblem;
  return file.imports.flatMap((imported) => {
    const problem = problemOf(file.path, imported);
    return problem === undefined ? [] : [{ rule: "storefront", file: file.path, line: imported.line, problem }];
  });
}

function storefrontProblem(file: string, { specifier, typeOnly }: Import): string | undefined {
  if (STOREFRONT_IMPORTS.includes(specifier) || (isTestFile(file) && specifier === "vitest")) return undefined;
  if (specifier === "#contracts" || specifier.startsWith("#contracts/")) {
    return typeOnly ? undefined : `${specifier} may be imported for its types only: contracts stay out of the bundle`;
  }
  if (specifier.startsWith(".") && resolveImport(file, specifier)?.startsWith(STOREFRONT)) return undefined;
  return `${specifier} is nothing for a frontend: it may import itself, types of contracts and ${STOREFRONT_IMPORTS.join(", ")}`;
}

function outsideProblem(file: string, { specifier }: Import): string | undefined {
  return resolveImport(file, specifier)?.startsWith(STOREFRONT) ? `${specifier} is a part of the storefront, which runs in browsers only` : undefined;
}
