import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { eventually, freePort, freshFolder } from "./fixture/run.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The processes that have a mark in their environment, whatever their ancestors are. */
function marked(mark: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/environ`, "utf8").includes(`LEFT_MARK=${mark}`) &&
          !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
        );
      } catch {
        return false;
      }
    });
}

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");

const marks: string[] = [];
afterEach(() => {
  for (const pid of marks.splice(0).flatMap(marked)) process.kill(pid, "SIGKILL");
});

/** Runs npm with a new mark in its environment. */
const npm = (args: readonly string[], cwd: string, env: Record<string, string> = {}) => run("npm", args, cwd, env);

function run(command: string, args: readonly string[], cwd: string, env: Record<string, string> = {}) {
  const mark = randomUUID();
  marks.push(mark);
  const { PATH = "", HOME = "" } = process.env;
  const child: ChildProcess = spawn(command, args, { cwd, env: { PATH, HOME, ...env, LEFT_MARK: mark }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk));
  return { mark, child, output: () => output };
}

const goneAll = (mark: string): Promise<unknown> =>
  eventually("all processes are gone", () => marked(mark).length === 0 || undefined).catch((cause: unknown) => {
    throw new Error(`left:\n${marked(mark).map(commandOf).join("\n")}`, { cause });
  });

describe("npm run bench", { timeout: 180_000 }, () => {
  test.each([
    ["npm", "SIGKILL"],
    ["node", "SIGKILL"],
  ] as const)("leaves no process when its %s gets %s", async (whose, signal) => {
    const { mark, child, output } = npm(["run", "--silent", "bench", "--", "jobs", "--rounds", "1000", "--count", "20", "--volatile"], ROOT);
    await eventually("the first round", () => output().includes("round 1 of") || undefined);
    expect(marked(mark).length).toBeGreaterThan(8);
    const node = marked(mark).find((pid) => /^\S*node .*bench\/run\.ts/.test(commandOf(pid)));
    process.kill(whose === "npm" ? (child.pid as number) : (node as number), signal);
    await goneAll(mark);
  });
});

describe("npm start", () => {
  test.each(["SIGTERM", "SIGKILL"] as const)("leaves no process when npm gets %s", async (signal) => {
    const folder = freshFolder();
    const main = path.join(ROOT, "test/processes/fixture/main.ts");
    const start = `node --conditions=source --import ${import.meta.resolve("tsx")} ${main}`;
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "started", scripts: { start } }));
    const port = await freePort();
    const { mark, child } = npm(["start"], folder, { PORT: String(port), HOLON_MESH_PORT: "0", HOLON_OPS_PORT: "0" });
    await eventually("it is ready", async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok || undefined);
    child.kill(signal);
    await goneAll(mark);
  });
});

describe("watchNpm", () => {
  test("watches only the npm that runs a program, if the script's shell became the program: the parent of npm may end", async () => {
    const folder = freshFolder();
    const watch = JSON.stringify(path.join(ROOT, "src/holon/cli/until-stopped.ts"));
    // While the program counts 15 ticks, the watcher checks at least twice.
    const program = `import { watchNpm } from ${watch};
watchNpm(() => { console.log("gone"); process.exit(); });
let ticks = Number.NaN;
setInterval(() => { if (++ticks === 15) console.log("15 ticks"); }, 100);
process.on("SIGUSR2", () => { ticks = 0; });
console.log("pid", process.pid, process.ppid);`;
    writeFileSync(path.join(folder, "watching.mts"), program);
    const start = `node --import ${import.meta.resolve("tsx")} watching.mts`;
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "watching", scripts: { start } }));
    const { child, output } = run("bash", ["-c", "npm start --script-shell=/bin/bash; exit"], folder);
    const [, pid, parent] = await eventually("it watches", () => /pid (\d+) (\d+)/.exec(output()) ?? undefined);
    expect(commandOf(Number(parent))).toMatch(/^npm start/);
    child.kill("SIGKILL");
    process.kill(Number(pid), "SIGUSR2");
    await eventually("it looked twice", () => /gone|15 ticks/.exec(output()) ?? undefined);
    expect(output()).not.toContain("gone");
    process.kill(Number(parent), "SIGKILL");
    await eventually("it ends with its npm", () => output().includes("gone") || undefined);
  });
});
