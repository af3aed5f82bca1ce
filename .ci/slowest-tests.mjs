// Reads what vitest's JSON reporter wrote for one run or several: node .ci/slowest-tests.mjs node-20.json node-24.json
// Prints the twenty test files that took longest, from the start of their first test to the end of their last one.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const COUNT = 20;
const root = path.resolve(import.meta.dirname, "..");
const files = process.argv
  .slice(2)
  .filter((report) => existsSync(report))
  .flatMap((report) => {
    const run = path.basename(report, ".json");
    const { testResults } = JSON.parse(readFileSync(report, "utf8"));
    return testResults.map(({ name, startTime, endTime }) => ({ run, file: path.relative(root, name), seconds: (endTime - startTime) / 1_000 }));
  });
files.sort((a, b) => b.seconds - a.seconds);
for (const { run, file, seconds } of files.slice(0, COUNT)) console.log(`${run.padEnd(8)} ${seconds.toFixed(1).padStart(8)} s  ${file}`);
