import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "../command.ts";
import { secondThreadFaults } from "../second-thread.ts";
import { bundledEdgeFaults } from "./bundled-edge.ts";
import { healthCheckOf } from "./dockerfile.ts";

/** The largest size of the bundle; a dependency that is bundled by accident exceeds it. */
const GREATEST_BYTES = 8 * 1024 * 1024;

/** The faults of the file that goes into the image: it must run without installed packages, and must not contain the embedded database. */
export async function bundleFaults(root: string): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "holon-bundle-"));
  const file = path.join(folder, "main.mjs");
  try {
    const built = runCommand(process.execPath, [path.join(root, "deploy/bundle.mjs"), "src/shop/main.ts", file], { cwd: root });
    if (!built.ok) return [`the bundle cannot be made:\n${built.output}`];
    cpSync(path.join(root, "migrations"), path.join(folder, "migrations"), { recursive: true });
    const bytes = readFileSync(file).byteLength;
    const run = (environment: Record<string, string>) => runCommand(process.execPath, [file, "plan"], { cwd: folder, env: environment });
    const planned = run({ HOLON_SECRET: "s", DATABASE_URL: "postgres://u:p@h/d" });
    const refused = run({ NODE_ENV: "production" });
    return [
      ...(bytes > GREATEST_BYTES ? [`the bundle has ${bytes} bytes, at most ${GREATEST_BYTES}`] : []),
      ...(planned.ok && planned.output.includes("postgres://u:****@h/d") ? [] : [`the bundle does not run on plain Node:\n${planned.output}`]),
      ...(await bundledEdgeFaults(file, healthCheckOf(readFileSync(path.join(root, "Dockerfile"), "utf8")))),
      ...secondThreadFaults(path.join(folder, "lease-worker.mjs"), folder),
      ...(refused.ok ? ["the bundle starts in production without any setting"] : []),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
