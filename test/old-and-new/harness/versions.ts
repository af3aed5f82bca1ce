import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundleProgram, type FaultProgram, programFolder } from "../../faults/harness/program.ts";
import { oldVersion } from "./old-version.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The version of the toolkit in a program; for the shop's program also the version of the shop. */
export type Version = "old" | "new";

/** The sets of migrations of the suite's own app; each set builds on the one before. */
const MIGRATIONS = ["first", "second", "breaking"] as const;

export type AppMigrations = (typeof MIGRATIONS)[number];

/** The suite's own app with a version of the toolkit: the first version of the app with the `first` migrations, else the second version. */
export async function appProgram(version: Version, migrations: AppMigrations = version === "old" ? "first" : "second"): Promise<FaultProgram> {
  const sources = path.join(ROOT, "test/old-and-new/app");
  const names = MIGRATIONS.slice(0, MIGRATIONS.indexOf(migrations) + 1);
  const bundle = (folder: string): Promise<FaultProgram> =>
    bundleProgram({
      name: `app-${version}-${migrations}`,
      entry: path.join(folder, "main.ts"),
      migrations: names.map((name) => path.join(sources, "migrations", name)),
    });
  const program = await (version === "new" ? bundle(sources) : besides(await oldVersion(), sources, bundle));
  return { ...program, env: { APP_VERSION: migrations === "first" ? "1" : "2" } };
}

/** Copies sources into the folder of a version for a while, so that the import "holon" in them finds the toolkit of that version. */
async function besides<Result>(root: string, sources: string, work: (folder: string) => Promise<Result>): Promise<Result> {
  const copy = mkdtempSync(path.join(root, "app-"));
  try {
    cpSync(sources, copy, { recursive: true });
    return await work(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** The shop of a version, bundled as that version bundles its image. */
export async function shopProgram(version: Version): Promise<FaultProgram> {
  const root = version === "old" ? await oldVersion() : ROOT;
  const folder = programFolder(`shop-${version}`);
  await promisify(execFile)(process.execPath, ["deploy/bundle.mjs", "src/shop/main.ts", path.join(folder, "main.mjs")], { cwd: root });
  cpSync(path.join(root, "migrations"), path.join(folder, "migrations"), { recursive: true });
  return { folder };
}
