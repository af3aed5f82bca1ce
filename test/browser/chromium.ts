import { spawnSync } from "node:child_process";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";

const PROGRAM = "chromium";

/** Whether this machine has a browser for tests. */
export const hasChromium = spawnSync(PROGRAM, ["--version"]).status === 0;

/** Starts a headless browser. It can reach only this machine, so whatever a page loads from other hosts is missing. */
export async function startChromium(): Promise<Browser> {
  const executablePath = spawnSync("sh", ["-c", `command -v ${PROGRAM}`], { encoding: "utf8" }).stdout.trim();
  const args = ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];
  return chromium.launch({ executablePath, headless: true, args });
}

/** The file for a screenshot, for people to look at after a run. */
export function picturePath(name: string): string {
  return path.resolve(".holon/screenshots", `${name}.png`);
}
