import { mkdirSync, writeFileSync } from "node:fs";
import { runScript } from "../src/holon/cli/command-line.ts";
import { buildChild } from "./bench-child.ts";
import { type BenchOptions, OPTIONS, toBenchOptions, USAGE } from "./bench-options.ts";
import type { BenchPlan } from "./bench-plan.ts";
import { COMPARE_OPTIONS, COMPARE_USAGE, compare } from "./compare.ts";
import { describeMachine, loadText } from "./machine.ts";
import { replaceMarked } from "./markdown-file.ts";
import { installPeers, PEERS_FOLDER } from "./peer-packages.ts";
import { type Row, renderResults, toRows } from "./report.ts";
import { type Results, runRounds } from "./rounds.ts";
import { startServers } from "./waits/servers.ts";

// Measures holon and its peers in the same run. docs/benchmarks.md explains how to read the results.
const say = (line: string): void => console.error(line);
const [first, ...others] = process.argv.slice(2);
if (first === "compare") {
  await runScript({ usage: COMPARE_USAGE, options: COMPARE_OPTIONS, args: others, run: (line) => compare(line, say) });
} else {
  await runScript({
    usage: USAGE,
    options: OPTIONS,
    async run(line) {
      await main(toBenchOptions(line));
      return 0;
    },
  });
}

async function main(chosen: BenchOptions): Promise<void> {
  const { plans, rounds, json, markdown, node, profile } = chosen;
  const needPeers = plans.some((plan) => contendersOf(plan, chosen).some((contender) => !plan.own.includes(contender)));
  const havePeers = needPeers && installPeers(say);
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  const parts = [`Machine: ${describeMachine(node)} at the start.`];
  const rows: Row[] = [];
  for (const plan of plans) {
    const results = await runPlan(plan, chosen, havePeers);
    if (profile !== undefined) continue;
    const found = toRows(results);
    rows.push(...found);
    parts.push(renderResults(results, found));
  }
  if (profile !== undefined) return;
  parts.push(`${rounds} rounds; load ${loadText()} at the end.${chosen.volatile ? " Commits did not wait for the disk." : ""}`);
  const text = parts.join("\n\n");
  console.log(text);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 1)}\n`);
  if (markdown !== undefined) replaceMarked(markdown, text);
}

function contendersOf(plan: BenchPlan, { only }: BenchOptions): string[] {
  return plan.contenders.filter((contender) => only?.includes(contender) ?? true);
}

/** Runs one bench with its processes, and with servers if it needs any. */
async function runPlan(plan: BenchPlan, chosen: BenchOptions, havePeers: boolean): Promise<Results> {
  const { rounds, ms, count, node, profile } = chosen;
  const isWaiting = plan.unit === "pieces";
  const child = await buildChild(plan);
  const servers = isWaiting ? await startServers(!chosen.volatile) : undefined;
  try {
    return await runRounds({
      ...{ plan, rounds, node, say, servers },
      contenders: contendersOf(plan, chosen).filter((contender) => havePeers || plan.own.includes(contender)),
      length: (isWaiting ? count : ms) ?? plan.roundLength,
      childFile: child.file,
      peersFolder: PEERS_FOLDER,
      profileFolder: isWaiting ? undefined : profile,
    });
  } finally {
    await servers?.close();
    child.close();
  }
}
