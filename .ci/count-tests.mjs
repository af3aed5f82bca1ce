// Reads what vitest's JSON reporter wrote. Prints "tests: <passed> passed, <failed> failed".
// With --all-ran it names the tests that were left out instead, and fails if a test was left out, or if no test ran.
import { existsSync, readFileSync } from "node:fs";

const [file, option] = process.argv.slice(2);
const results = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { numPassedTests: 0, testResults: [] };
const tests = results.testResults.flatMap(({ name, assertionResults }) => assertionResults.map((test) => ({ ...test, file: name })));
// A file that could not be loaded has failed, but has no tests.
const brokenFiles = results.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
);
const failedCount = tests.filter(({ status }) => status === "failed").length + brokenFiles.length;

if (option === "--all-ran") {
  const leftOut = tests.filter(({ status }) => status !== "passed" && status !== "failed");
  for (const { file: path, fullName, status } of leftOut) console.log(`${status}: ${path}: ${fullName}`);
  console.log(`${leftOut.length} tests were left out`);
  if (leftOut.length > 0 || results.numPassedTests === 0) process.exitCode = 1;
} else {
  console.log(`tests: ${results.numPassedTests} passed, ${failedCount} failed`);
}
