import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type CommandLine, UsageError, wholeNumber } from "../src/holon/cli/command-line.ts";
import { checkOutOldVersion, installPackages } from "../test/old-and-new/harness/old-version.ts";
import { BENCHES } from "./bench-plan.ts";
import { compareRows, renderComparison } from "./compared-rows.ts";
import { describeMachine, loadText } from "./machine.ts";
import type { Row } from "./report.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The usage text of the comparison. */
export const COMPARE_USAGE = `npm run bench -- compare COMMIT [${Object.keys(BENCHES).join("] [")}] [options]

Runs the benches of a commit and those of this checkout in turn, each from a checkout of its own, and shows the ratio of each figure.

  --only NAMES      contenders, with commas between (those that run this toolkit's code)
  --rounds N        rounds; each measures both states once (5)
  --length N        milliseconds (local, mesh, edge) or pieces of work (the others) of a contender in a round
  --noise           measures COMMIT twice in each round, and shows by how much it differs from itself
  --json FILE       writes rows {bench, contender, concurrency, metric, base, now, ratio, ratios}

Exit code 0 if no figure is worse by more than noise, 1 if a figure is worse, 2 if the benches cannot run.`;

/** A state of the code: the base, the base again, or this checkout. */
interface State {
  readonly name: "base" | "again" | "now";
  readonly folder: string;
}

/** The command line options, with their defaults. */
export const COMPARE_OPTIONS = {
  only: { type: "string" },
  rounds: { type: "string", default: "5" },
  length: { type: "string" },
  noise: { type: "boolean", default: false },
  json: { type: "string" },
} as const;

/** Compares a commit with this checkout. Shape: the exit code. Errors: UsageError; an error whose message is for the user. */
export async function compare({ values, positionals }: CommandLine<typeof COMPARE_OPTIONS>, say: (line: string) => void): Promise<number> {
  const [commit, ...named] = positionals;
  const rounds = wholeNumber("rounds", values.rounds, 1);
  const unknown = named.find((name) => !(name in BENCHES));
  if (commit === undefined) throw new UsageError("compare needs the commit to compare with.");
  if (unknown !== undefined) throw new UsageError(`There is no bench ${unknown}.`);
  const benches = named.length === 0 ? Object.keys(BENCHES) : named;
  const id = (await promisify(execFile)("git", ["rev-parse", "--verify", `${commit}^{commit}`], { cwd: ROOT })).stdout.trim();
  say(`base: ${id}`);
  const folder = await checkOutOldVersion({ repository: ROOT, id, install: installPackages, cache: ".bench-base" });
  const states: State[] = [{ name: "base", folder }, ...(values.noise ? [{ name: "again" as const, folder }] : []), { name: "now", folder: ROOT }];
  const machine = describeMachine(process.execPath);
  const rows = await measure({ states, benches, rounds, only: values.only, length: values.length, say });
  const compared = compareRows(rows);
  console.log(renderComparison(compared, { base: id.slice(0, 10), rounds, machine, load: loadText() }));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(compared, null, 1)}\n`);
  return compared.some(({ isWorse }) => isWorse) ? 1 : 0;
}

interface Measuring {
  readonly states: readonly State[];
  readonly benches: readonly string[];
  readonly rounds: number;
  readonly only: string | undefined;
  readonly length: string | undefined;
  readonly say: (line: string) => void;
}

/**
 * Each round measures every bench of every state once, and starts with another state than the round before, so that other load on the machine affects all
 * states alike.
 */
async function measure({ states, benches, rounds, only, length, say }: Measuring): Promise<Readonly<Record<State["name"], readonly Row[][]>>> {
  const found: Record<State["name"], Row[][]> = { base: [], again: [], now: [] };
  for (let round = 0; round < rounds; round++) {
    const own: Record<State["name"], Row[]> = { base: [], again: [], now: [] };
    for (const bench of benches) {
      for (let place = 0; place < states.length; place++) {
        const { name, folder } = states[(place + round) % states.length] as State;
        own[name].push(...(await runBench(folder, bench, only ?? ownContenders(bench), length)));
      }
      say(`round ${round + 1} of ${rounds}: ${bench}`);
    }
    for (const { name } of states) found[name].push(own[name]);
  }
  return found;
}

/** The contenders that run the toolkit's own code. Only these can be slower after a change. */
function ownContenders(bench: string): string {
  return (BENCHES[bench]?.contenders ?? []).filter((name) => name.startsWith("holon")).join(",");
}

/** Runs one round of one bench with the state's own code. */
async function runBench(folder: string, bench: string, only: string, length: string | undefined): Promise<readonly Row[]> {
  const results = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const json = join(results, "rows.json");
    const lengths = length === undefined ? [] : [BENCHES[bench]?.unit === "pieces" ? "--count" : "--ms", length];
    const args = ["--conditions=source", "--import", "tsx", "bench/run.ts", bench, "--rounds", "1", "--only", only, "--json", json, ...lengths];
    await ended(spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] }), `${bench} in ${folder}`);
    return JSON.parse(readFileSync(json, "utf8")) as readonly Row[];
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

function ended(child: ReturnType<typeof spawn>, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`the bench ${what} ended with ${code}`))));
  });
}
