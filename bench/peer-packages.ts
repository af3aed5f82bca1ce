import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder with the code and the pinned versions of third parties. */
export const PEERS_FOLDER = fileURLToPath(new URL("./peers", import.meta.url));

/** The time limit for a registry that does not answer. */
const FETCH_TIMEOUT_MS = 20_000;

/** Installs the third-party packages if they are missing. Returns whether they are installed afterwards. */
export function installPeers(say: (line: string) => void): boolean {
  if (areInstalled()) return true;
  say("The peers are not installed: npm ci --prefix bench/peers (about 60 MB, once).");
  const args = [
    "ci",
    "--prefix",
    PEERS_FOLDER,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retries=1",
    `--fetch-timeout=${FETCH_TIMEOUT_MS}`,
  ];
  const { status } = spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status === 0 && areInstalled()) return true;
  say("The peers could not be installed (the reason is above): only our own contenders are measured.");
  return false;
}

/** Whether every package of the folder's package.json is installed at its pinned version. */
function areInstalled(): boolean {
  const { dependencies } = readManifest(PEERS_FOLDER) as { dependencies: Record<string, string> };
  return Object.entries(dependencies).every(([name, pin]) => readManifest(join(PEERS_FOLDER, "node_modules", name))?.version === pin);
}

function readManifest(folder: string): { readonly version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version?: string };
  } catch {
    return undefined;
  }
}
