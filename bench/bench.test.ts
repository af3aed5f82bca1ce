import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CommandLine, readCommandLine, UsageError } from "../src/holon/cli/command-line.ts";
import { buildChild } from "./bench-child.ts";
import { type BenchOptions, OPTIONS, toBenchOptions } from "./bench-options.ts";
import { BENCHES, type BenchPlan } from "./bench-plan.ts";
import type { BenchClient } from "./contender.ts";
import { freePort } from "./free-port.ts";
import { start as startLocal } from "./holon/local.ts";
import { createClient, startServer } from "./holon/mesh.ts";
import { replaceMarked } from "./markdown-file.ts";
import { findProduct } from "./mesh/domain.ts";
import { localContenders, meshContenders } from "./own-contenders.ts";
import { PEERS_FOLDER } from "./peer-packages.ts";
import { median, toOutcomes, toRows } from "./report.ts";
import { type Results, runRounds } from "./rounds.ts";
import { startServers } from "./waits/servers.ts";

const IDS = [0, 1, 7, 8, 9, 500, 1023];
const BAD_INPUT = "seven" as unknown as number;

async function expectProducts(client: BenchClient): Promise<void> {
  client.begin?.();
  const answers = await Promise.all(IDS.map((id) => client.get(id)));
  expect(answers).toEqual(IDS.map(findProduct));
}

/** How many calls of the catalog's procedure a process has counted, over all result codes. */
function countsOf(client: { readonly metrics: Awaited<ReturnType<typeof startLocal>>["metrics"] }, transport: string): number {
  const series = client.metrics.series({ procedure: "catalog.products.get", caller: "orders", transport });
  return [...series.codes()].reduce((sum, [, count]) => sum + count, 0);
}

describe("in one process", () => {
  it.each(Object.entries(localContenders))("%s answers the products that were asked for", async (_name, contender) => {
    const client = await contender.start();
    await expectProducts(client);
    await client.close();
  });

  it("holon's calls are parsed both ways and counted", async () => {
    const client = await startLocal();
    await expect(client.get(BAD_INPUT)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    const product = await client.get(3);
    expect(product.tags).not.toBe(findProduct(3).tags);
    expect(countsOf(client, "local")).toBe(2);
    await client.close();
  });
});

describe("between two ends of a socket", () => {
  it.each(Object.entries(meshContenders))("%s answers the products that were asked for", async (_name, contender) => {
    const port = await freePort();
    const server = await contender.startServer(port);
    const client = await contender.createClient(port);
    await expectProducts(client);
    await client.close();
    await server.close();
  });

  it("holon's calls are parsed at both ends and counted at both", async () => {
    const port = await freePort();
    const server = await startServer(port);
    const client = await createClient(port);
    await expect(client.get(BAD_INPUT)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await client.get(3);
    expect([countsOf(client, "mesh"), countsOf(server, "mesh")]).toEqual([2, 1]);
    await client.close();
    await server.close();
  });
});

describe("a run", () => {
  it.each(Object.values(BENCHES))(
    "of $name has a row for each contender, number of calls at once and metric",
    async (plan) => {
      const isWaiting = plan.unit === "pieces";
      // The load of the edge bench runs for at least a second, whatever length is given.
      const isSlow = plan.name === "edge";
      const own = isSlow ? ["trpc", "holon-rest"] : plan.own;
      const short: BenchPlan = { ...plan, own, warmLength: 10, concurrencies: plan.concurrencies.slice(0, isSlow ? 1 : 3) };
      const child = await buildChild(plan);
      const servers = isWaiting ? await startServers(false) : undefined;
      const said: string[] = [];
      const results = await runRounds({
        plan: short,
        contenders: [...own, "missing"],
        rounds: 2,
        length: 20,
        servers,
        childFile: child.file,
        node: process.execPath,
        peersFolder: PEERS_FOLDER,
        profileFolder: undefined,
        say: (line) => said.push(line),
      });
      await servers?.close();
      child.close();
      const rows = toRows(results);
      expect(rows).toHaveLength(own.length * short.concurrencies.length * plan.metrics.length);
      expect(rows.every(({ value, raw }) => value >= 0 && raw.length === 2)).toBe(true);
      expect(said.filter((line) => line.startsWith("missing is left out"))).toHaveLength(1);
    },
    120_000,
  );
});

describe("a report", () => {
  const plan: BenchPlan = {
    ...(BENCHES.local as BenchPlan),
    goals: [
      { contender: "holon", against: "raw", metric: "callsPerSecond", concurrency: 1, atLeast: 0.7 },
      { contender: "holon", against: "trpc", metric: "callsPerSecond", concurrency: 1, atLeast: 10 },
      { contender: "holon", metric: "us", concurrency: 1, atMost: 1 },
    ],
  };
  const figures = (...rounds: [us: number, callsPerSecond: number][]) =>
    new Map([[1, rounds.map(([us, callsPerSecond]) => ({ us, callsPerSecond, cpuUs: us }))]]);
  const results: Results = {
    plan,
    contenders: ["raw", "holon"],
    figures: new Map([
      ["raw", figures([1, 100], [1, 10], [1, 100])],
      ["holon", figures([2, 80], [3, 8], [2, 50])],
    ]),
  };

  it("takes the median of the ratios of each round, not the ratio of the medians", () => {
    const [ratio] = toOutcomes(results, toRows(results));
    expect(ratio).toMatchObject({ value: 0.8, met: true });
  });

  it("reports a goal that was not measured as not met", () => {
    const outcomes = toOutcomes(results, toRows(results));
    expect(outcomes.map(({ met }) => met)).toEqual([true, false, false]);
    expect(outcomes[1]?.value).toBeUndefined();
  });

  it("takes the mean of the middle two of an even number of values", () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  });

  it("replaces what is between the marks of a file and keeps the rest", () => {
    const file = join(mkdtempSync(join(tmpdir(), "holon-bench-")), "page.md");
    writeFileSync(file, "before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n");
    replaceMarked(file, "new");
    expect(readFileSync(file, "utf8")).toBe("before\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\nafter\n");
  });
});

describe("the command line", () => {
  const parsed = (args: readonly string[]): BenchOptions => toBenchOptions(readCommandLine(args, OPTIONS) as CommandLine<typeof OPTIONS>);

  it("runs every bench if none is named", () => {
    expect(parsed([]).plans.map(({ name }) => name)).toEqual(Object.keys(BENCHES));
  });

  it.each([[["lokal"]], [["local", "--only", "grcp"]], [["--rounds", "0"]], [["--ms", "x"]], [["--bogus"]]])("refuses %j", (args) => {
    expect(() => parsed(args)).toThrow(UsageError);
  });
});
