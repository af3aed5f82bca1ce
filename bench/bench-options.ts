import { parseArgs } from "node:util";
import { BENCHES, type BenchPlan } from "./bench-plan.ts";

/** How the bench is called. */
export const USAGE = `npm run bench -- [${Object.keys(BENCHES).join("] [")}] [options]

  --only NAMES      contenders, with commas between; raw is the base of the ratios
  --rounds N        rounds (7)
  --ms N            length of a round of one contender (300 local, 500 mesh, 1000 edge)
  --count N         pieces of work of a round of one contender (20000 jobs, 20000 events, 2500 steps)
  --volatile        commits of Postgres do not wait for the disk
  --json FILE       writes rows {bench, contender, concurrency, metric, value, raw}
  --markdown FILE   replaces what is between the bench marks of a Markdown file
  --node PATH       the Node that runs the contenders (the one that runs the bench)
  --profile FOLDER  writes CPU profiles instead of measuring`;

/** What {@link parseBenchOptions} found. */
export interface BenchOptions {
  readonly plans: readonly BenchPlan[];
  /** Undefined for all. */
  readonly only: readonly string[] | undefined;
  readonly rounds: number;
  readonly ms: number | undefined;
  readonly count: number | undefined;
  /** Whether Postgres gives up surviving a crash of the machine, so that commits cost next to nothing. */
  readonly volatile: boolean;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
  readonly node: string;
  readonly profile: string | undefined;
}

/** Reads the command line. Errors: a sentence that says what is wrong with it. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: "string" },
      rounds: { type: "string", default: "7" },
      ms: { type: "string" },
      count: { type: "string" },
      volatile: { type: "boolean", default: false },
      json: { type: "string" },
      markdown: { type: "string" },
      node: { type: "string", default: process.execPath },
      profile: { type: "string" },
    },
  });
  const plans = (positionals.length === 0 ? Object.keys(BENCHES) : positionals).map((name) => {
    const plan = BENCHES[name];
    if (plan === undefined) throw new TypeError(`there is no bench ${name}`);
    return plan;
  });
  const { json, markdown, node, profile } = values;
  const only = values.only?.split(",");
  const unknown = only?.find((name) => !plans.some(({ contenders }) => contenders.includes(name)));
  if (unknown !== undefined) throw new TypeError(`${unknown} takes part in none of these benches`);
  return {
    plans,
    only,
    rounds: parseCount("rounds", values.rounds),
    ms: values.ms === undefined ? undefined : parseCount("ms", values.ms),
    count: values.count === undefined ? undefined : parseCount("count", values.count),
    volatile: values.volatile,
    json,
    markdown,
    node,
    profile,
  };
}

function parseCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new TypeError(`--${name} is a whole number from 1, not ${text}`);
  return count;
}
