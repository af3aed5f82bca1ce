import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import type { Order, RunResult } from "./process.ts";

/**
 * Measures the mesh against the raw framed socket: two processes each, interleaved rounds in rotating order, medians and raw values.
 *
 *   node --conditions=source --import tsx bench/mesh/run.ts [--rounds 7] [--ms 600] [--cells 1,16,128] [--profile DIR] [--json FILE] [--node PATH]
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    ms: { type: "string", default: "600" },
    cells: { type: "string", default: "1,16,128" },
    only: { type: "string", default: "raw,holon" },
    profile: { type: "string" },
    json: { type: "string" },
    node: { type: "string", default: process.execPath },
  },
});

interface Pair {
  readonly name: string;
  readonly server: ChildProcess;
  readonly client: ChildProcess;
  readonly results: Map<number, (RunResult & { readonly serverCpuUs: number })[]>;
}

interface Row {
  readonly bench: "mesh";
  readonly contender: string;
  readonly concurrency: number;
  readonly metric: string;
  readonly value: number;
  readonly raw: readonly number[];
}

function ask<Answer>(child: ChildProcess, order?: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new TypeError(`the process ended with ${code}`));
    child.once("exit", onExit);
    child.once("message", (answer) => {
      child.off("exit", onExit);
      resolve(answer as Answer);
    });
    if (order !== undefined) child.send(order);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

async function once(pair: Pair, concurrency: number, ms: number): Promise<RunResult & { serverCpuUs: number }> {
  const before = await ask<{ cpuUs: number }>(pair.server, { kind: "cpu" });
  const result = await ask<RunResult>(pair.client, { kind: "run", concurrency, ms });
  const after = await ask<{ cpuUs: number }>(pair.server, { kind: "cpu" });
  return { ...result, serverCpuUs: (after.cpuUs - before.cpuUs) / result.calls };
}

// Plain JavaScript, as a user's process runs it: a loader would be measured with it.
const folder = mkdtempSync(join(tmpdir(), "holon-bench-"));
const childFile = join(folder, "child.mjs");
await build({
  entryPoints: [new URL("./child.ts", import.meta.url).pathname],
  outfile: childFile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  conditions: ["source"],
  logLevel: "error",
});

const cells = options.cells.split(",").map(Number);
const pairs: Pair[] = [];
for (const name of options.only.split(",")) {
  const port = String(await freePort());
  const start = (role: string): ChildProcess =>
    fork(childFile, [role, name, port], { execPath: options.node, execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const server = start("server");
  await ask(server);
  const client = start("client");
  await ask(client);
  pairs.push({ name, server, client, results: new Map() });
}

for (const pair of pairs) for (const cell of cells) await once(pair, cell, 700);
if (options.profile !== undefined) {
  const cell = cells[0] as number;
  for (const { name, server, client } of pairs) {
    for (const child of [server, client]) await ask(child, { kind: "profile" });
    await ask(client, { kind: "run", concurrency: cell, ms: 3000 });
    await ask(server, { kind: "profiled", file: join(options.profile, `${name}-${cell}-server.cpuprofile`) });
    await ask(client, { kind: "profiled", file: join(options.profile, `${name}-${cell}-client.cpuprofile`) });
  }
} else {
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const cell of cells) {
      for (let place = 0; place < pairs.length; place++) {
        const pair = pairs[(place + round) % pairs.length] as Pair;
        const results = pair.results.get(cell) ?? [];
        pair.results.set(cell, results);
        results.push(await once(pair, cell, Number(options.ms)));
      }
    }
  }
  const rows: Row[] = [];
  for (const cell of cells) {
    const base = pairs[0]?.results.get(cell) ?? [];
    for (const { name, results } of pairs) {
      const rounds = results.get(cell) ?? [];
      const columns: Record<string, number[]> = {
        callsPerSecond: rounds.map((round) => round.callsPerSecond),
        p50us: rounds.map((round) => round.p50us),
        p99us: rounds.map((round) => round.p99us),
        cpuUs: rounds.map((round) => round.cpuUs + round.serverCpuUs),
        clientCpuUs: rounds.map((round) => round.cpuUs),
        serverCpuUs: rounds.map((round) => round.serverCpuUs),
      };
      for (const [metric, raw] of Object.entries(columns))
        rows.push({ bench: "mesh", contender: name, concurrency: cell, metric, value: median(raw), raw });
      const of = (metric: string): number => median(columns[metric] as number[]);
      const ratios = rounds.map((round, index) => round.callsPerSecond / (base[index]?.callsPerSecond ?? Number.NaN));
      const p50s = rounds.map((round, index) => round.p50us / (base[index]?.p50us ?? Number.NaN));
      console.log(
        `c=${String(cell).padEnd(4)} ${name.padEnd(6)} ${of("callsPerSecond").toFixed(0).padStart(7)} calls/s (x${median(ratios).toFixed(2)} of raw: ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")})  ` +
          `p50 ${of("p50us").toFixed(0)} us (x${median(p50s).toFixed(2)})  p99 ${of("p99us").toFixed(0)} us  CPU ${of("clientCpuUs").toFixed(1)} + ${of("serverCpuUs").toFixed(1)} us`,
      );
    }
  }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, null, 1)}\n`);
}
for (const { server, client } of pairs) {
  client.kill();
  server.kill();
}
process.exit(0);
