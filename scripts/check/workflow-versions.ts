import path from "node:path";
import { refuseWords, runScript, UsageError } from "../../src/holon/cli/command-line.ts";
import { accept, readLock, versionFaults, writeLock } from "./workflow-versions/version-lock.ts";
import { workflowSources } from "./workflow-versions/workflow-sources.ts";

const USAGE = `Compares the bodies of the shop's workflows with those that workflows.lock.json accepts. npm run workflows:accept accepts new ones first.

  npm run workflows:accept -- [context.workflow@version ...]

  context.workflow@version  a changed or removed body that is accepted too
  -h, --help                prints this text
`;

const root = path.resolve(import.meta.dirname, "../..");
const lockFile = path.join(root, "workflows.lock.json");

function check(named: readonly string[] | undefined): number {
  const { sources, faults: unreadable } = workflowSources(path.join(root, "src/shop/contexts"));
  if (named !== undefined) {
    const lock = readLock(lockFile);
    const unknown = named.filter((name) => lock[name] === undefined && sources.every((source) => source.name !== name));
    if (unknown.length > 0) throw new UsageError(`There is no workflow ${unknown.join(", ")}.`);
    writeLock(lockFile, accept(lock, sources, named));
  }
  const faults = [...unreadable, ...versionFaults(readLock(lockFile), sources)];
  for (const fault of faults) console.error(fault);
  console.log(`workflows: ${sources.length} versions of bodies, ${faults.length} faults`);
  return faults.length > 0 ? 1 : 0;
}

await runScript({
  usage: USAGE,
  options: {},
  run({ positionals: [command, ...named] }) {
    if (command === "accept") return check(named);
    refuseWords(command === undefined ? [] : [command]);
    return check(undefined);
  },
});
