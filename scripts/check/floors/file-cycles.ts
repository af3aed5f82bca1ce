import { resolveImport, type SourceTree } from "./source-tree.ts";
import type { Violation } from "./violation.ts";

/** Import cycles of files. Each cycle is reported once, at the import that closes it. Type imports count. */
export function fileCycles(tree: SourceTree): Violation[] {
  const violations: Violation[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): void => {
    way.push(file);
    for (const { specifier, line } of tree.get(file)?.imports ?? []) {
      const target = resolveImport(file, specifier);
      if (target === undefined || !tree.has(target) || done.has(target)) continue;
      const start = way.indexOf(target);
      if (start === -1) visit(target);
      else violations.push({ rule: "file-cycle", file, line, problem: [...way.slice(start), target].join(" -> ") });
    }
    way.pop();
    done.add(file);
  };
  for (const file of tree.keys()) {
    if (!done.has(file)) visit(file);
  }
  return violations;
}
