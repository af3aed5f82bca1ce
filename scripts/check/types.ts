import path from "node:path";
import { runCommand } from "./command.ts";

/** The two TypeScript projects of this repository: code for Node, and code for browsers. Neither has the other's types. */
const PROJECTS = [".", "src/shop/web"];

const root = path.resolve(import.meta.dirname, "../..");
for (const project of PROJECTS) {
  const { ok, output } = runCommand(path.join(root, "node_modules/.bin/tsc"), ["--noEmit", "-p", project], { cwd: root });
  if (ok) continue;
  console.error(`${project}:\n${output}`);
  process.exitCode = 1;
}
