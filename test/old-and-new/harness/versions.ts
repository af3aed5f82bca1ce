import { execFile } from "node:child_process";
import { cpSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type FaultProgram, programFolder } from "../../faults/harness/program.ts";
import { oldVersion } from "./old-version.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Whose toolkit a program has, and, where it is the shop's, whose shop it is. */
export type Version = "old" | "new";

/** The shop of a version, made into one file as that version makes its image. */
export async function shopProgram(version: Version): Promise<FaultProgram> {
  const root = version === "old" ? await oldVersion() : ROOT;
  const folder = programFolder(`shop-${version}`);
  await promisify(execFile)(process.execPath, ["deploy/bundle.mjs", "src/shop/main.ts", path.join(folder, "main.mjs")], { cwd: root });
  cpSync(path.join(root, "migrations"), path.join(folder, "migrations"), { recursive: true });
  return { folder };
}
