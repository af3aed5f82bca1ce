import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { runCommand } from "../command.ts";

/** The package as a user gets it. */
export interface Packed {
  /** The folder into which it is unpacked: a project's `node_modules/holon`. */
  readonly folder: string;
  /** Paths relative to the folder. */
  readonly files: readonly string[];
}

/** Builds and packs the package, and unpacks it into the `node_modules` of a project. */
export function packInto(root: string, project: string): Packed {
  const folder = path.join(project, "node_modules/holon");
  mkdirSync(folder, { recursive: true });
  const packed = runCommand("npm", ["pack", "--pack-destination", project], { cwd: root });
  const tarball = readdirSync(project).find((name) => name.endsWith(".tgz"));
  if (!packed.ok || tarball === undefined) throw new Error(`npm pack failed:\n${packed.output}`);
  const unpacked = runCommand("tar", ["-xzf", path.join(project, tarball), "-C", folder, "--strip-components=1"]);
  if (!unpacked.ok) throw new Error(`The tarball cannot be read:\n${unpacked.output}`);
  rmSync(path.join(project, tarball));
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return { folder, files: entries.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/")).sort() };
}

const WANTED = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/holon\/.+\.(js|d\.ts))$/;
const UNWANTED = /\.(test|testing|test-d)\./;
const NEEDED = ["package.json", "README.md", "LICENSE", "dist/holon/index.js", "dist/holon/index.d.ts"];

/** Files that must not be in the package, and files that are missing from it. */
export function contentFaults({ files }: Packed): string[] {
  const surplus = files.filter((file) => !WANTED.test(file) || UNWANTED.test(file));
  const missing = NEEDED.filter((file) => !files.includes(file));
  return [...surplus.map((file) => `the package holds ${file}`), ...missing.map((file) => `the package lacks ${file}`)];
}
