import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Files and folders that a storefront is built from. Contracts give it types only, which leave no trace in it. */
const SOURCES = ["src/shop/web", "src/shop/storefront", "src/holon/client", "src/holon/kernel", "package-lock.json"];

/** A mark of all sources of the storefront: another one where any of them changed. Shape: undefined where there are no sources, as in an image. */
export function storefrontMark(project: string): string | undefined {
  if (!existsSync(path.join(project, "src/shop/web/index.html"))) return undefined;
  const hash = createHash("sha256");
  for (const file of SOURCES.flatMap((source) => filesBelow(path.join(project, source)))) {
    hash.update(path.relative(project, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

function filesBelow(place: string): readonly string[] {
  if (!existsSync(place)) return [];
  if (path.extname(place) !== "") return [place];
  const entries = readdirSync(place, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}
