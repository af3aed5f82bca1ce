import { execFile } from "node:child_process";
import { cpSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type FaultProgram, programFolder } from "../../faults/harness/program.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The shop with the suite's own context, bundled like the image of the shop. */
export async function weeksProgram(): Promise<FaultProgram> {
  const folder = programFolder("weeks");
  await promisify(execFile)(process.execPath, ["deploy/bundle.mjs", "test/weeks/app/main.ts", path.join(folder, "main.mjs")], { cwd: ROOT });
  for (const from of ["migrations", "test/weeks/app/migrations"]) cpSync(path.join(ROOT, from), path.join(folder, "migrations"), { recursive: true });
  return { folder };
}
