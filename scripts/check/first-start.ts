import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePorts } from "../../src/holon/dev/postgres/free-ports.ts";

/**
 * Runs the README's first command as a newcomer does: `npm start` with embedded defaults and an empty data folder must answer within a minute, and
 * stop on SIGINT.
 */
const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "holon-first-start-"));
const [port, meshPort, opsPort] = await freePorts(3);
const env = { ...process.env, PORT: String(port), HOLON_MESH_PORT: String(meshPort), HOLON_OPS_PORT: String(opsPort), HOLON_EMBEDDED_FOLDER: folder };
const startedAt = performance.now();
const shop = spawn("npm", ["start"], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
let output = "";
for (const stream of [shop.stdout, shop.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));

const edge = `http://127.0.0.1:${port}`;
const [url, ...others] = [`${edge}/trpc/catalog.products.list?input=%7B%7D`, `${edge}/shop/`, `http://127.0.0.1:${opsPort}/healthz`];
const answered = await answersWithin(60_000);
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
// The signal goes to the whole process group, as with Ctrl-C. If only npm got it, npm would end at once and leave its child running.
signalGroup("SIGINT");
const stopped = await groupEnds(40_000);
if (!stopped) signalGroup("SIGKILL");
rmSync(folder, { recursive: true, force: true });

if (answered !== undefined) fail(answered);
if (!stopped) fail("The shop did not stop within 40 s of SIGINT.");
console.log(`start: ${url} answered after ${seconds} s`);

function signalGroup(signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-(shop.pid as number), signal);
  } catch {
    return false;
  }
}

async function groupEnds(limitMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + limitMs;
  while (signalGroup(0)) {
    if (performance.now() > deadlineMs) return false;
    await pause(100);
  }
  return true;
}

async function answersWithin(limitMs: number): Promise<string | undefined> {
  let last = "nothing listened";
  while (performance.now() - startedAt < limitMs) {
    if (shop.exitCode !== null) return `The shop ended with ${shop.exitCode} instead of answering.`;
    try {
      const statuses = await Promise.all([url, ...others].map(async (address) => (await fetch(address)).status));
      if (statuses.every((status) => status === 200)) return undefined;
      last = `statuses ${statuses.join(", ")}`;
    } catch (error) {
      last = String((error as Error).cause ?? error);
    }
    await pause(200);
  }
  return `${[url, ...others].join(", ")} did not answer 200 within ${limitMs} ms: ${last}.`;
}

function fail(reason: string): void {
  console.error(`${reason}\n${output}`);
  process.exitCode = 1;
}
