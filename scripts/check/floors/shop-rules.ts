import { CONTRACT_IMPORTS, ENTRANCES } from "./house.ts";
import { type Import, isTestFile, resolveImport, type SourceFile, type SourceTree } from "./source-tree.ts";
import type { Rule, Violation } from "./violation.ts";

const SHOP = "src/shop/";
const CONTEXTS = "src/shop/contexts/";

type Fault = readonly [rule: Rule, problem: string];

/** Forbidden imports of a file of the shop or of the contracts. */
export function shopViolations(file: SourceFile, tree: SourceTree): Violation[] {
  const faultOf = file.path.startsWith(SHOP) ? shopFault : file.path.startsWith("contracts/") ? contractFault : undefined;
  if (faultOf === undefined) return [];
  return file.imports.flatMap((imported) => {
    const fault = faultOf(file.path, imported, tree);
    return fault === undefined ? [] : [{ rule: fault[0], file: file.path, line: imported.line, problem: fault[1] }];
  });
}

/** The context that a file belongs to; undefined for a file of the whole shop. */
function contextOf(file: string): string | undefined {
  return file.startsWith(CONTEXTS) ? file.slice(CONTEXTS.length).split("/")[0] : undefined;
}

function shopFault(file: string, { specifier }: Import, tree: SourceTree): Fault | undefined {
  if (specifier === "holon" || specifier.startsWith("holon/")) {
    return Object.hasOwn(ENTRANCES, specifier) ? undefined : ["shop-entrance", `${specifier} is not an entrance of the toolkit`];
  }
  const target = resolveImport(file, specifier);
  if (target === undefined || specifier.startsWith("#contracts")) return undefined;
  if (!target.startsWith(SHOP))
    return target.endsWith(".json") ? undefined : ["shop-entrance", `${specifier} leaves the shop: use holon or #contracts`];
  const own = contextOf(file);
  if (own === undefined) return undefined;
  // A test may start the whole shop, but must not import another context's files directly.
  const other = contextOf(target) ?? (isTestFile(file) ? undefined : contextBehind(target, own, tree));
  return other === undefined || other === own
    ? undefined
    : ["other-context", `${own} may not import ${other}: contexts meet through their contracts`];
}

/** Another context that a file of the whole shop imports, directly or not. An import of that file would also import the context. */
function contextBehind(start: string, own: string, tree: SourceTree): string | undefined {
  const reached = new Set([start]);
  for (const file of reached) {
    const context = contextOf(file);
    if (context !== undefined && context !== own) return context;
    if (context !== undefined) continue;
    for (const { specifier } of tree.get(file)?.imports ?? []) {
      const target = resolveImport(file, specifier);
      if (target?.startsWith(SHOP)) reached.add(target);
    }
  }
  return undefined;
}

function contractFault(file: string, { specifier }: Import): Fault | undefined {
  if (CONTRACT_IMPORTS.includes(specifier) || (isTestFile(file) && !specifier.startsWith("."))) return undefined;
  if (resolveImport(file, specifier)?.startsWith("contracts/")) return undefined;
  return ["contract-import", `a contract may not import ${specifier}: only holon/contract, zod and other contracts`];
}
