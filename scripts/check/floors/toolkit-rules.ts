import { BROWSER_FLOORS, EVERYWHERE_ABOVE_KERNEL, FLOORS, TEST_FLOORS, TOP_LEVEL, TYPES_FROM } from "./house.ts";
import { type Import, isTestFile, resolveImport, type SourceFile } from "./source-tree.ts";
import type { Rule, Violation } from "./violation.ts";

const TOOLKIT = "src/holon/";

/** The floor of a file of the toolkit: the floor of its innermost folder that has a floor. Undefined for the toolkit's index and for files elsewhere. */
export function floorName(file: string): string | undefined {
  if (!file.startsWith(TOOLKIT)) return undefined;
  const folders = file.slice(TOOLKIT.length).split("/").slice(0, -1);
  for (let depth = folders.length; depth > 0; depth--) {
    const name = folders.slice(0, depth).join("/");
    if (FLOORS[name] !== undefined) return name;
  }
  return folders[0];
}

/** Forbidden imports of a file of the toolkit. Tests may import any package, and the floors that are made for tests. */
export function toolkitViolations(file: SourceFile): Violation[] {
  if (!file.path.startsWith(TOOLKIT)) return [];
  const name = floorName(file.path);
  if (name !== undefined && FLOORS[name] === undefined)
    return [{ rule: "unknown-floor", file: file.path, line: 1, problem: `${name} is not a floor of the house` }];
  return file.imports.flatMap((imported) => {
    const fault = importFault(file.path, name, imported);
    return fault === undefined ? [] : [{ rule: fault[0], file: file.path, line: imported.line, problem: fault[1] }];
  });
}

type Fault = readonly [rule: Rule, problem: string];

function importFault(file: string, name: string | undefined, imported: Import): Fault | undefined {
  const { specifier } = imported;
  const target = resolveImport(file, specifier);
  if (target === undefined) return packageFault(file, name, imported);
  if (!target.startsWith(TOOLKIT)) return ["toolkit-knows-shop", `the toolkit may not know ${specifier}`];
  const other = floorName(target);
  if (other === name || name === undefined) return undefined;
  const [level, otherLevel] = [FLOORS[name]?.level ?? TOP_LEVEL, other === undefined ? TOP_LEVEL : (FLOORS[other]?.level ?? TOP_LEVEL)];
  if (otherLevel < level || (isTestFile(file) && other !== undefined && TEST_FLOORS.includes(other))) return undefined;
  return ["floor", `${name} (${level}) may not import ${other ?? "index.ts"} (${otherLevel})`];
}

function packageFault(file: string, name: string | undefined, { specifier, typeOnly }: Import): Fault | undefined {
  if (isTestFile(file)) return undefined;
  if (specifier.startsWith("node:")) {
    const isFault = name !== undefined && BROWSER_FLOORS.includes(name) && !typeOnly;
    return isFault ? ["browser", `${name} is imported by browsers and may not need ${specifier}`] : undefined;
  }
  if (name === undefined) return ["package", `index.ts may not import ${specifier}`];
  return mayImport(name, specifier, typeOnly) ? undefined : ["package", `${name} may not import ${typeOnly ? "types of " : ""}${specifier}`];
}

function mayImport(name: string, specifier: string, typeOnly: boolean): boolean {
  const level = FLOORS[name]?.level ?? 0;
  const isIn = (packages: readonly string[]): boolean =>
    packages.some((item) => (item.endsWith("/") ? specifier.startsWith(item) : specifier === item || specifier.startsWith(`${item}/`)));
  if (isIn(FLOORS[name]?.packages ?? []) || (level > 0 && isIn(EVERYWHERE_ABOVE_KERNEL))) return true;
  if (!typeOnly) return false;
  // The types of a lower floor may contain types of its packages. So a higher floor may import these packages' types, but not their values.
  const isBelow = Object.values(FLOORS).some((floor) => floor.level < level && isIn(floor.packages));
  return isBelow || Object.entries(TYPES_FROM).some(([item, from]) => level >= from && isIn([item]));
}
