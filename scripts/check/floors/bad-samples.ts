import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { checkTree } from "./check-tree.ts";

/** The faults of the check itself: bad samples that it did not reject for exactly the reason written beside them. */
export function checkBadSamples(folder: string): string[] {
  const samples = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (samples.length === 0) return [`${folder} has no samples`];
  return samples.flatMap(({ name }) => {
    const root = path.join(folder, name);
    const expected = readFileSync(path.join(root, "rejected-for.txt"), "utf8").trim();
    const found = checkTree(root)
      .map(({ rule, file, line }) => `${rule} ${file}:${line}`)
      .join("\n");
    return found === expected ? [] : [`${name}: expected\n${expected}\nfound\n${found || "nothing"}`];
  });
}
