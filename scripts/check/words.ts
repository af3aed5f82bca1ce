import { readFileSync } from "node:fs";
import path from "node:path";
import { runCommand } from "./command.ts";
import { SAMPLES } from "./words/samples.ts";
import { wordFaults } from "./words/word-faults.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** Files that are not checked: history, texts whose bytes are hashed, generated files, samples that are wrong on purpose, and the list of words itself. */
const LEFT_OUT = [
  "CHANGELOG.md",
  "migrations/",
  "data/",
  "test/openapi/shop-api.d.ts",
  "docs/api/",
  "docs/reference/",
  "scripts/check/bad-samples/",
  "scripts/check/words/",
];

function files(): string[] {
  const patterns = ["*.ts", "*.tsx", "*.mjs", "*.md"];
  const { stdout } = runCommand("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z", ...patterns], { cwd: root });
  return stdout.split("\0").filter((file) => file !== "" && !LEFT_OUT.some((prefix) => file.startsWith(prefix)));
}

const faults = SAMPLES.flatMap(({ file, text, faults: expected }) => {
  const found = wordFaults(file, text).length;
  return found === expected ? [] : [`the check itself: ${found} faults instead of ${expected} in: ${text}`];
});
for (const file of files())
  for (const { line, found, write } of wordFaults(file, readFileSync(path.join(root, file), "utf8")))
    faults.push(`${file}:${line} ${found === undefined ? "" : `"${found}": write `}${write}`);

for (const fault of faults) console.error(fault);
console.log(`words: ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;
