import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runScript, UsageError } from "../src/holon/cli/command-line.ts";
import { runCommand } from "./check/command.ts";
import type { Guard } from "./guards/guard.ts";
import { GUARDS } from "./guards/guards.ts";
import { judge, takeOut, type Verdict } from "./guards/take-out.ts";

const USAGE = `Takes guards of docs/promises.md out, one at a time. Runs the test of each without it, which must fail, and with it, which must pass.

  npm run guards -- [words] [options]

  words       only guards whose promise, text, file or test has all of these words
  --list      prints the guards, and runs nothing
  -h, --help  prints this text

It works on the last commit, in a checkout of its own. Exit code 1 if a test passes without its guard, fails with it, or cannot be run.
`;
const root = path.resolve(import.meta.dirname, "..");

function chosen(words: readonly string[]): readonly Guard[] {
  const guards = GUARDS.filter((guard) => words.every((word) => JSON.stringify(guard).toLowerCase().includes(word.toLowerCase())));
  if (guards.length === 0) throw new UsageError(`There is no guard with the words '${words.join(" ")}'.`);
  return guards;
}

function git(...args: string[]): void {
  const { ok, output } = runCommand("git", args, { cwd: root });
  if (!ok) throw new Error(output);
}

function runTest(folder: string, { test, only }: Guard): Verdict {
  const report = path.join(folder, "guard-report.json");
  rmSync(report, { force: true });
  const args = ["run", test, "--reporter=json", `--outputFile=${report}`, ...(only === undefined ? [] : ["-t", only])];
  spawnSync(path.join(folder, "node_modules/.bin/vitest"), args, { cwd: folder, stdio: "ignore" });
  return judge(existsSync(report) ? readFileSync(report, "utf8") : undefined);
}

function runWithout(folder: string, guard: Guard): Verdict {
  try {
    const putBack = takeOut(folder, guard);
    const without = runTest(folder, guard);
    putBack();
    if (!without.red) return without;
    const withIt = runTest(folder, guard);
    return withIt.red ? { red: false, text: `it fails with the guard too: ${withIt.text}` } : without;
  } catch (error) {
    return { red: false, text: (error as Error).message };
  }
}

function run(guards: readonly Guard[]): number {
  const parent = mkdtempSync(path.join(tmpdir(), "holon-guards-"));
  const folder = path.join(parent, "checkout");
  let passed = 0;
  try {
    git("worktree", "add", "--detach", folder, "HEAD");
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    for (const guard of guards) {
      const { red, text } = runWithout(folder, guard);
      if (!red) passed++;
      console.log(`${red ? "red   " : "NOT RED"} ${guard.of}: ${guard.takenOut}\n       ${text}`);
    }
  } finally {
    rmSync(parent, { recursive: true, force: true });
    git("worktree", "prune");
  }
  console.log(`${guards.length} guards taken out: ${guards.length - passed} tests failed without them, ${passed} did not.`);
  return passed === 0 ? 0 : 1;
}

await runScript({
  usage: USAGE,
  options: { list: { type: "boolean" } },
  run({ positionals, values }) {
    const guards = chosen(positionals);
    if (values.list !== true) return run(guards);
    for (const { of, takenOut, test } of guards) console.log(`${of}: ${takenOut} (${test})`);
    return 0;
  },
});
