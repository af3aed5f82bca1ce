import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START_TIMEOUT_MS = 120_000;

/** A shop that runs apart, whose processes can be killed. */
export interface ShopProcesses {
  /** Names of the processes that live now: an edge, and one a context. */
  readonly alive: readonly string[];
  /** `kill -9`; the supervisor starts it again. Returns whether there was one. */
  kill(name: string): boolean;
  stop(): Promise<void>;
}

/**
 * Starts the shop apart, bundled as it is in its image, so that a process which was killed is soon there again; waits until it answers.
 *
 * Errors: it did not in two minutes.
 */
export async function startShopApart(folder: string, url: string, env: NodeJS.ProcessEnv): Promise<ShopProcesses> {
  const pids = new Map<string, number>();
  execFileSync(process.execPath, ["deploy/bundle.mjs", "src/shop/main.ts", path.join(folder, "main.mjs")], { cwd: ROOT, stdio: "ignore" });
  cpSync(path.join(ROOT, "migrations"), path.join(folder, "migrations"), { recursive: true });
  const child = spawn(process.execPath, ["main.mjs", "apart"], {
    cwd: folder,
    env: { ...process.env, ...env },
    // By a channel: it stops when this process ends, however that happens.
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => noteStart(line, pids));
  await untilItAnswers(url, child);
  return {
    get alive() {
      return [...pids.keys()].filter((name) => isAlive(pids.get(name)));
    },
    kill(name) {
      const pid = pids.get(name);
      if (pid === undefined || !isAlive(pid)) return false;
      process.kill(pid, "SIGKILL");
      return true;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

/** The supervisor logs each start with name and process id. Its own id comes first in the line, so that the child's is the one that counts. */
function noteStart(line: string, pids: Map<string, number>): void {
  if (!line.includes('"process started"')) return;
  const entry = JSON.parse(line) as { readonly process: string; readonly pid: number };
  pids.set(entry.process, entry.pid);
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Until the edge is connected to all the others. */
async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const untilMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < untilMs && child.exitCode === null) {
    const answer = await fetch(new URL("/readyz", url)).catch(() => undefined);
    // An edge is ready before the processes that it calls are there; it names those that it misses.
    const { degraded } = answer?.ok === true ? ((await answer.json()) as { readonly degraded?: readonly string[] }) : {};
    if (degraded?.length === 0) return;
    await sleep(200);
  }
  child.kill("SIGTERM");
  throw new Error(`The shop did not answer at ${url}.`);
}
