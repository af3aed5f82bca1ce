import { readFileSync } from "node:fs";
import path from "node:path";
import { runCommand } from "./command.ts";
import { ALLOWED, NOT_YET } from "./words/left.ts";
import { SAMPLES } from "./words/samples.ts";
import { wordFaults } from "./words/word-faults.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** Paths of the command line: all faults below them are printed, also those that are not refused yet. */
const shown = process.argv.slice(2);

/** Not checked: history, texts whose bytes are hashed, generated files, samples that are wrong on purpose, and the list of the words itself. */
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
const counts = new Map(NOT_YET.map((prefix) => [prefix, 0]));
const unused = new Set(ALLOWED);
for (const file of files()) {
  const notYet = NOT_YET.find((prefix) => file.startsWith(prefix));
  for (const { line, found, write } of wordFaults(file, readFileSync(path.join(root, file), "utf8"))) {
    const allowed = ALLOWED.find((each) => each.file === file && each.found === found);
    const fault = `${file}:${line} ${found === undefined ? "" : `"${found}": write `}${write}`;
    if (allowed !== undefined) unused.delete(allowed);
    else if (notYet === undefined) faults.push(fault);
    else {
      counts.set(notYet, (counts.get(notYet) ?? 0) + 1);
      if (shown.some((prefix) => file.startsWith(prefix))) console.log(fault);
    }
  }
}
for (const { file, found } of unused) faults.push(`${file} does not say "${found}" any more: take it out of scripts/check/words/left.ts`);

for (const fault of faults) console.error(fault);
for (const [prefix, count] of counts)
  console.log(count === 0 ? `${prefix} is clean: take it out of scripts/check/words/left.ts` : `not yet: ${prefix} has ${count}`);
console.log(`words: ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;
