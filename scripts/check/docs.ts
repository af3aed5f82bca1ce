import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { checkPages, projectPages } from "./docs/check-docs.ts";
import { staleFaults } from "./docs/generated-pages.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** The bad samples contain every fault that this check looks for. Returns the faults that it did not find. */
function unseenFaults(): string[] {
  const sample = "scripts/check/bad-samples/docs/";
  const files = readdirSync(path.join(root, sample), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".md"));
  const found = checkPages(
    root,
    sample,
    files.map((file) => sample + file.replaceAll(path.sep, "/")),
  );
  const expected = readFileSync(path.join(root, sample, "rejected-for.txt"), "utf8")
    .trim()
    .split("\n");
  return expected.filter((text) => !found.some((fault) => fault.includes(text))).map((text) => `not found in the bad sample: ${text}`);
}

const pages = projectPages(root);
const faults = [...unseenFaults(), ...staleFaults(root), ...checkPages(root, "", pages)];
for (const fault of faults) console.error(fault);
console.log(`docs: ${pages.length} pages, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;
