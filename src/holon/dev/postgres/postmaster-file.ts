import { readdir, readFile, readlink, rm } from "node:fs/promises";
import path from "node:path";
import { catalogueError } from "../../kernel/holon-error.ts";
import { isAlive, processCommand } from "./process-identity.ts";
import { waitUntil } from "./wait-until.ts";

/** What a running server writes about itself in its data folder. */
interface Postmaster {
  readonly pid: number;
  readonly ready: boolean;
}

/** Reads `postmaster.pid`; undefined if there is none, or if it is not written completely yet. */
export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(file(data), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number.parseInt(lines[0] ?? "", 10);
  return pid > 0 ? { pid, ready: lines[7]?.trim() === "ready" } : undefined;
}

/**
 * Makes sure that no server runs on a data folder. It stops a server that outlived its owner and its guard, kills sessions that outlived their server, and
 * removes a pid file whose process is gone or whose id now belongs to another program. Only the holder of the folder's claim may call it.
 */
export async function clearPostmaster(data: string): Promise<void> {
  const left = await readPostmaster(data);
  if (left !== undefined && isServer(left.pid, data)) await stopServer(left.pid, data);
  await killSessions(data);
  await rm(file(data), { force: true });
}

async function stopServer(pid: number, data: string): Promise<void> {
  const gone = () => (isServer(pid, data) ? undefined : true);
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    signalProcess(pid, signal);
    if ((await waitUntil(gone, 50, 200)) === true) return;
  }
  throw catalogueError("UNAVAILABLE", `A database server left over from an earlier run (process ${pid}) does not stop.`, { executed: "no" });
}

/**
 * A session that computes does not notice that its server was killed, and no other server can start while that session holds the memory of the old one. Only
 * Linux shows the folder of a process; on other systems the start is repeated until the sessions have ended.
 */
async function killSessions(data: string): Promise<void> {
  const names = process.platform === "linux" ? await readdir("/proc") : [];
  for (const pid of names.filter((name) => /^\d+$/.test(name)).map(Number)) {
    const isSession = processCommand(pid).startsWith("postgres: ") && (await readlink(`/proc/${pid}/cwd`).catch(() => "")) === data;
    if (isSession) signalProcess(pid, "SIGKILL");
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has already ended, which is what we want.
  }
}

/** Whether a process is a server of this folder: ids are used again, and we are about to send signals. */
function isServer(pid: number, data: string): boolean {
  return isAlive(pid) && /postgres$/.test(processCommand(pid).split(" ")[0] ?? "") && processCommand(pid).includes(` -D ${data} `);
}

function file(data: string): string {
  return path.join(data, "postmaster.pid");
}
