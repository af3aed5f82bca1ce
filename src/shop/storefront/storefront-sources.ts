import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * The files and folders from which the storefront is built. Contracts are not among them, because the storefront imports only their types, and types
 * are not in the build.
 */
const SOURCES = ["src/shop/web", "src/shop/storefront", "src/holon/client", "src/holon/kernel", "package-lock.json"];

/** The file beside a build that says from which sources it was built. */
export const MARK_FILE = "sources.txt";

/** A hash of all sources of the storefront; any change of them changes it. Shape: undefined if there are no sources, as in an image. */
export function storefrontMark(project: string): string | undefined {
  if (!existsSync(path.join(project, "src/shop/web/index.html"))) return undefined;
  const hash = createHash("sha256");
  for (const file of SOURCES.flatMap((source) => filesBelow(path.join(project, source)))) {
    hash.update(path.relative(project, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

/** The mark of the sources from which a folder was built; undefined if it was not built. */
export function builtFrom(folder: string): string | undefined {
  const file = path.join(folder, MARK_FILE);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
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
