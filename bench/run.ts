import { mkdirSync, writeFileSync } from "node:fs";
import { buildChild } from "./bench-child.ts";
import { type BenchOptions, parseBenchOptions, USAGE } from "./bench-options.ts";
import type { BenchPlan } from "./bench-plan.ts";
import { describeMachine, loadText } from "./machine.ts";
import { replaceMarked } from "./markdown-file.ts";
import { installPeers, PEERS_FOLDER } from "./peer-packages.ts";
import { type Row, renderResults, toRows } from "./report.ts";
import { runRounds } from "./rounds.ts";

// Measures holon and its peers side by side, in the same run. docs/benchmarks.md says how to read what comes out.
const say = (line: string): void => console.error(line);
const options = readOptions();
if (options === undefined) process.exitCode = 2;
else await main(options);

function readOptions(): BenchOptions | undefined {
  try {
    return parseBenchOptions(process.argv.slice(2));
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

async function main({ plans, only, rounds, ms, json, markdown, node, profile }: BenchOptions): Promise<void> {
  const chosen = (plan: BenchPlan): string[] => plan.contenders.filter((contender) => only?.includes(contender) ?? true);
  const needPeers = plans.some((plan) => chosen(plan).some((contender) => !plan.own.includes(contender)));
  const havePeers = needPeers && installPeers(say);
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  const parts = [`Machine: ${describeMachine(node)} at the start.`];
  const rows: Row[] = [];
  const child = await buildChild();
  try {
    for (const plan of plans) {
      const results = await runRounds({
        ...{ plan, rounds, node, say },
        contenders: chosen(plan).filter((contender) => havePeers || plan.own.includes(contender)),
        ms: ms ?? plan.roundMs,
        childFile: child.file,
        peersFolder: PEERS_FOLDER,
        profileFolder: profile,
      });
      if (profile !== undefined) continue;
      const found = toRows(results);
      rows.push(...found);
      parts.push(renderResults(results, found));
    }
  } finally {
    child.close();
  }
  if (profile !== undefined) return;
  parts.push(`${rounds} rounds; load ${loadText()} at the end.`);
  const text = parts.join("\n\n");
  console.log(text);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 1)}\n`);
  if (markdown !== undefined) replaceMarked(markdown, text);
}
