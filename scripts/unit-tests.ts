import { spawnSync } from "node:child_process";
import path from "node:path";
import { refuseWords, runScript } from "../src/holon/cli/command-line.ts";
import { readTree, resolveImport, type SourceTree } from "./check/floors/source-tree.ts";

const USAGE = `Runs the tests that start no program, and so need no database, no Redis and no browser.

  npm run test:unit
  npm run test:unit -- --list

  --list      prints the files of these tests and runs nothing
  -h, --help  prints this text
`;

const root = path.resolve(import.meta.dirname, "..");

/** A test that starts a server or another process imports this module, itself or through the files that it imports. */
const STARTS_PROGRAMS = /^(node:)?child_process$/;

/** Test files of `src` and `contracts` that do not reach {@link STARTS_PROGRAMS} by any chain of imports. Imports of types do not count. */
function unitTests(tree: SourceTree): readonly string[] {
  const found = new Map<string, boolean>();
  const startsPrograms = (file: string): boolean => {
    const known = found.get(file);
    if (known !== undefined) return known;
    // The gate `floors` refuses cycles of imports. If there is a cycle all the same, the walk ends here.
    found.set(file, false);
    const imports = (tree.get(file)?.imports ?? []).filter(({ typeOnly }) => !typeOnly);
    const starts = imports.some(({ specifier }) => {
      if (STARTS_PROGRAMS.test(specifier)) return true;
      const target = resolveImport(file, specifier);
      return target !== undefined && startsPrograms(target);
    });
    found.set(file, starts);
    return starts;
  };
  return [...tree.keys()].filter((file) => file.endsWith(".test.ts") && !startsPrograms(file));
}

await runScript({
  usage: USAGE,
  options: { list: { type: "boolean" } },
  run({ values, positionals }) {
    refuseWords(positionals);
    const files = unitTests(readTree(root));
    if (values.list === true) {
      console.log(files.join("\n"));
      return 0;
    }
    const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
    return spawnSync(process.execPath, [vitest, "run", ...files], { cwd: root, stdio: "inherit" }).status ?? 1;
  },
});
