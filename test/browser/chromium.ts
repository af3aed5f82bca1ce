import { spawnSync } from "node:child_process";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";

const PROGRAM = "chromium";

/** Whether this machine has a browser to test with. */
export const hasChromium = spawnSync(PROGRAM, ["--version"]).status === 0;

/** Starts a browser without a window. It finds no host but this machine: what a page needs of others is missing. */
export async function startChromium(): Promise<Browser> {
  const executablePath = spawnSync("sh", ["-c", `command -v ${PROGRAM}`], { encoding: "utf8" }).stdout.trim();
  const args = ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];
  return chromium.launch({ executablePath, headless: true, args });
}

/** Where a picture of a page is put, to be looked at by people after a run. */
export function picturePath(name: string): string {
  return path.resolve(".holon/screenshots", `${name}.png`);
}
