import path from "node:path";
import { accept, readLock, versionFaults, writeLock } from "./workflow-versions/version-lock.ts";
import { workflowSources } from "./workflow-versions/workflow-sources.ts";

const root = path.resolve(import.meta.dirname, "../..");
const lockFile = path.join(root, "workflows.lock.json");
const { sources, faults: unreadable } = workflowSources(path.join(root, "src/shop/contexts"));
const [command, ...named] = process.argv.slice(2);
if (command === "accept") writeLock(lockFile, accept(readLock(lockFile), sources, named));

const faults = [...unreadable, ...versionFaults(readLock(lockFile), sources)];
for (const fault of faults) console.error(fault);
console.log(`workflows: ${sources.length} versions of bodies, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;
