import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START_TIMEOUT_MS = 120_000;

/** A shop that runs apart: its processes can be killed. */
export interface ShopProcesses {
  /** The names of the running processes: the edge, and one for each context. */
  readonly alive: readonly string[];
  /** Sends SIGKILL; the supervisor starts the process again. Returns whether the process was running. */
  kill(name: string): boolean;
  stop(): Promise<void>;
}

/**
 * Starts the shop apart, and waits until it answers. It is bundled as in its image, so that a killed process starts again quickly.
 *
 * Errors: the shop did not answer within two minutes.
 */
export async function startShopApart(folder: string, url: string, env: NodeJS.ProcessEnv): Promise<ShopProcesses> {
  const pids = new Map<string, number>();
  execFileSync(process.execPath, ["deploy/bundle.mjs", "src/shop/main.ts", path.join(folder, "main.mjs")], { cwd: ROOT, stdio: "ignore" });
  cpSync(path.join(ROOT, "migrations"), path.join(folder, "migrations"), { recursive: true });
  const child = spawn(process.execPath, ["main.mjs", "apart"], {
    cwd: folder,
    env: { ...process.env, ...env },
    // The shop has an IPC channel to this process, and stops when this process ends, for whatever reason.
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

/**
 * Reads name and process id from the supervisor's line about a start. The line has `pid` twice: first the supervisor's own, then that of the new process.
 * `JSON.parse` keeps the last.
 */
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

/** Waits until the edge is connected to all other processes. */
async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const untilMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < untilMs && child.exitCode === null) {
    const answer = await fetch(new URL("/readyz", url)).catch(() => undefined);
    // An edge is ready before the processes that it calls have started; until then its answer lists them as degraded.
    const { degraded } = answer?.ok === true ? ((await answer.json()) as { readonly degraded?: readonly string[] }) : {};
    if (degraded?.length === 0) return;
    await sleep(200);
  }
  child.kill("SIGTERM");
  throw new Error(`The shop did not answer at ${url}.`);
}
