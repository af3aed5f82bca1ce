import { type CommandLine, UsageError, wholeNumber } from "../src/holon/cli/command-line.ts";
import { BENCHES, type BenchPlan } from "./bench-plan.ts";

/** The usage text of the command. */
export const USAGE = `npm run bench -- [${Object.keys(BENCHES).join("] [")}] [options]

  --only NAMES      contenders, with commas between; raw is the base of the ratios
  --rounds N        rounds (7)
  --ms N            length of a round of one contender (300 local, 500 mesh, 1000 edge)
  --count N         pieces of work of a round of one contender (20000 jobs, 20000 events, 2500 steps)
  --volatile        commits of Postgres do not wait for the disk
  --json FILE       writes rows {bench, contender, concurrency, metric, value, raw}
  --markdown FILE   replaces the text between the bench marks of a Markdown file
  --node PATH       the Node that runs the contenders (the one that runs the bench)
  --profile FOLDER  writes CPU profiles instead of measuring
  -h, --help        prints this text`;

/** The options of a run. */
export interface BenchOptions {
  readonly plans: readonly BenchPlan[];
  /** The names of the contenders that run; undefined for all. */
  readonly only: readonly string[] | undefined;
  readonly rounds: number;
  readonly ms: number | undefined;
  readonly count: number | undefined;
  /** Whether Postgres does not wait for the disk at a commit. Commits then cost next to nothing, but do not survive a crash of the machine. */
  readonly volatile: boolean;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
  readonly node: string;
  readonly profile: string | undefined;
}

/** The command line options, with their defaults. */
export const OPTIONS = {
  only: { type: "string" },
  rounds: { type: "string", default: "7" },
  ms: { type: "string" },
  count: { type: "string" },
  volatile: { type: "boolean", default: false },
  json: { type: "string" },
  markdown: { type: "string" },
  node: { type: "string", default: process.execPath },
  profile: { type: "string" },
} as const;

/** Reads the command line. Errors: UsageError. */
export function toBenchOptions({ values, positionals }: CommandLine<typeof OPTIONS>): BenchOptions {
  const plans = (positionals.length === 0 ? Object.keys(BENCHES) : positionals).map((name) => {
    const plan = BENCHES[name];
    if (plan === undefined) throw new UsageError(`There is no bench ${name}.`);
    return plan;
  });
  const { json, markdown, node, profile } = values;
  const only = values.only?.split(",");
  const unknown = only?.find((name) => !plans.some(({ contenders }) => contenders.includes(name)));
  if (unknown !== undefined) throw new UsageError(`No chosen bench has the contender ${unknown}.`);
  return {
    plans,
    only,
    rounds: wholeNumber("rounds", values.rounds, 1),
    ms: values.ms === undefined ? undefined : wholeNumber("ms", values.ms, 1),
    count: values.count === undefined ? undefined : wholeNumber("count", values.count, 1),
    volatile: values.volatile,
    json,
    markdown,
    node,
    profile,
  };
}
