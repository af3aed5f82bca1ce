import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runCommand } from "../command.ts";
import type { Page } from "../docs/markdown.ts";
import { shellLines } from "./commands.ts";
import { type Example, FIRST_APP } from "./examples.ts";

/** How long an app may take to start: as long as the shop's first start (`check:start`). */
const START_MS = 60_000;

/** How long a stop may take; a process itself takes at most 25 s. */
const STOP_MS = 40_000;

/** The main file of the README's compiled app. */
const BUILT = "dist/src/main.js";

/**
 * Follows the README with its compiled first app: makes the migration with its command, shows the plan from the sources, starts the compiled app on
 * an embedded Postgres, calls it with the README's frontend, and stops it.
 */
export async function firstAppFaults(project: string, pages: readonly Page[], ports: readonly number[]): Promise<string[]> {
  const [port, mesh, ops] = ports.map(String);
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], PORT: port, HOLON_MESH_PORT: mesh, HOLON_OPS_PORT: ops };
  const lines = shellLines(pages.filter((page) => page.path === FIRST_APP)).map(({ text }) => text.trim());
  const run = (line: string): string[] => {
    const { ok, output } = runCommand("sh", ["-c", line], { cwd: project, env });
    return ok ? [] : [`${FIRST_APP}: ${line}\n${output}`];
  };
  const calls = lines.filter((line) => /^npx tsx web\//.test(line));
  const before = [...lines.filter((line) => line.startsWith("npx drizzle-kit")), "npx tsx src/main.ts plan"];
  if (calls.length === 0 || before.length < 2) return [`${FIRST_APP} does not say how the migration is made, or how a frontend is run`];
  const faults = before.flatMap(run);
  if (faults.length > 0) return faults;

  const app = spawn(process.execPath, [BUILT], { cwd: project, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(app, "exit") as Promise<[number | null]>;
  let output = "";
  for (const stream of [app.stdout, app.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  try {
    const isReady = await answers(`http://127.0.0.1:${port}/readyz`, () => app.exitCode !== null);
    if (!isReady) return [`${FIRST_APP}: node ${BUILT} is not ready after ${START_MS} ms:\n${output}`];
    faults.push(...calls.flatMap(run));
  } finally {
    app.kill("SIGTERM");
  }
  const killing = setTimeout(() => app.kill("SIGKILL"), STOP_MS);
  const [code] = await ended;
  clearTimeout(killing);
  return code === 0 ? faults : [...faults, `${FIRST_APP}: node ${BUILT} ended with ${code} at SIGTERM:\n${output}`];
}

/** Runs the examples that are tests, with vitest's defaults, and returns the failures. */
export function testFaults(project: string, examples: readonly Example[]): string[] {
  const tests = examples.filter(({ file }) => file.endsWith(".test.ts"));
  const { stdout, output } = runCommand("npx", ["vitest", "run", "--reporter=json", ...tests.map(({ file }) => file)], { cwd: project });
  const from = stdout.indexOf('{"numTotalTestSuites"');
  if (from < 0) return [`vitest did not run the examples:\n${output}`];
  const { testResults } = JSON.parse(stdout.slice(from)) as VitestReport;
  return tests.flatMap(({ page, file }) => {
    const result = testResults.find(({ name }) => name.endsWith(path.sep + file));
    if (result === undefined || result.assertionResults.length === 0) return [`${page}: ${file} was not run by vitest: ${result?.message ?? ""}`];
    return result.assertionResults
      .filter(({ status }) => status !== "passed")
      .map(({ title, failureMessages }) => `${page}: "${title}" fails: ${failureMessages.join(" ")}`);
  });
}

/** The parts of vitest's report that the check reads. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string; readonly failureMessages: readonly string[] }[];
  }[];
}

async function answers(url: string, isOver: () => boolean): Promise<boolean> {
  for (const endMs = performance.now() + START_MS; performance.now() < endMs && !isOver(); await pause(100)) {
    const status = await fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return true;
  }
  return false;
}
