import { readFileSync } from "node:fs";
import path from "node:path";
import { runCommand } from "./command.ts";
import { bundleFaults } from "./deploy/bundle.ts";
import { composeFaults } from "./deploy/compose.ts";
import { dockerfileFaults } from "./deploy/dockerfile.ts";

const root = path.resolve(import.meta.dirname, "../..");
const samples = path.join(import.meta.dirname, "bad-samples/deploy");
const read = (folder: string, file: string): string => readFileSync(path.join(folder, file), "utf8");

/** The faults of the bad samples that the checks did not find. */
function unseenFaults(): string[] {
  const found = [...dockerfileFaults(samples, read(samples, "Dockerfile")), ...composeFaults(read(samples, "docker-compose.yml"))];
  const expected = read(samples, "rejected-for.txt").trim().split("\n");
  return expected.filter((text) => !found.some((fault) => fault.includes(text))).map((text) => `not found in the bad sample: ${text}`);
}

const lint = runCommand(
  path.join(root, "node_modules/.bin/dclint"),
  ["--config", "deploy/dclint.json", "--max-warnings", "0", "docker-compose.yml"],
  { cwd: root },
);
const faults = [
  ...unseenFaults(),
  ...(lint.ok ? [] : [lint.output]),
  ...composeFaults(read(root, "docker-compose.yml")).map((fault) => `docker-compose.yml: ${fault}`),
  ...dockerfileFaults(root, read(root, "Dockerfile")).map((fault) => `Dockerfile: ${fault}`),
  ...(await bundleFaults(root)),
];
for (const fault of faults) console.error(fault);
console.log(`deploy: ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;
