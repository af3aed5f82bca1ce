import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { entrances, importFaults, linkDependencies, typeFaults } from "./package/consumer.ts";
import { engineFaults } from "./package/engines.ts";
import { contentFaults, packInto } from "./package/packed.ts";
import { checkReadme } from "./package/readme.ts";
import { secondThreadFaults } from "./second-thread.ts";

const root = path.resolve(import.meta.dirname, "../..");
const project = mkdtempSync(path.join(tmpdir(), "holon-consumer-"));

try {
  const packed = packInto(root, project);
  linkDependencies(root, project);
  const names = entrances(root);
  const { messages, pkg } = await publint({ pkgDir: packed.folder, strict: true, pack: false });
  const ofPackage = [
    ...contentFaults(packed),
    ...engineFaults(root),
    ...messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`),
    ...importFaults(project, names),
    ...secondThreadFaults(path.join(packed.folder, "dist/holon/process/start/lease-worker.js"), project),
    ...typeFaults(root, project, names),
  ];
  // The README is checked last, because that turns the project into an app, with packages that the toolkit itself must not need.
  const { faults: ofReadme, blocks, notes } = await checkReadme(root, project);
  const faults = [...ofPackage, ...ofReadme];
  for (const fault of faults) console.error(fault);
  for (const note of notes) console.log(`not run: ${note}`);
  console.log(`package: ${packed.files.length} files, ${names.length} entrances, ${blocks} blocks of README and guides, ${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true, force: true });
}
