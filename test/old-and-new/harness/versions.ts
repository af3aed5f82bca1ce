import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bundleProgram, type FaultProgram, programFolder } from "../../faults/harness/program.ts";
import { oldVersion } from "./old-version.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Whose toolkit a program has, and, where it is the shop's, whose shop it is. */
export type Version = "old" | "new";

/** What the migrations of the suite's own app are, one set on top of the other. */
const MIGRATIONS = ["first", "second", "breaking"] as const;

export type AppMigrations = (typeof MIGRATIONS)[number];

/** The suite's own app on the toolkit of a version: the first version of the app with the `first` migrations, else the second one. */
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

/** Lets sources lie for a moment below the package that they mean by "holon". */
async function besides<Result>(root: string, sources: string, work: (folder: string) => Promise<Result>): Promise<Result> {
  const copy = mkdtempSync(path.join(root, "app-"));
  try {
    cpSync(sources, copy, { recursive: true });
    return await work(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** The shop of a version, made into one file as that version makes its image. */
export async function shopProgram(version: Version): Promise<FaultProgram> {
  const root = version === "old" ? await oldVersion() : ROOT;
  const folder = programFolder(`shop-${version}`);
  await promisify(execFile)(process.execPath, ["deploy/bundle.mjs", "src/shop/main.ts", path.join(folder, "main.mjs")], { cwd: root });
  cpSync(path.join(root, "migrations"), path.join(folder, "migrations"), { recursive: true });
  return { folder };
}
