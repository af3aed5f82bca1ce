import { randomBytes } from "node:crypto";
import { oneOf, refuseWords, runScript, UsageError, wholeNumber } from "../src/holon/cli/command-line.ts";
import { renderSoak } from "./soak/report.ts";
import { runSoak } from "./soak/run-soak.ts";
import { renderSustained } from "./soak/sustain/report.ts";
import { runSustain } from "./soak/sustain/run-sustain.ts";

const USAGE = `Places orders for a while, and meanwhile kills processes, empties queues, and restarts Redis and Postgres, at random.

  npm run soak -- [options]

  --minutes N               how long (10)
  --backend redis|postgres  where queues live (redis)
  --seed N                  decides what happens when (a random one, which is printed)
  --own-databases           gives each context a database of its own
  -h, --help                prints this text

With --sustain: sends work to an app at a steady rate, without faults, and checks whether a table, an index, a queue, memory or handles keep growing.

  npm run soak -- --sustain 20m [--rate 50] [--backend redis|postgres] [--kept 60]

  --sustain 20m             how long, in minutes (m) or seconds (s)
  --rate N                  events a second, and jobs a second; runs of five steps are a fifth as many (50)
  --kept N                  how long finished work is kept, in seconds (60)

Exit code 0 if every piece of work had its effect once and nothing grew, 1 if not.
`;

type Backend = "redis" | "postgres";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function soak(minutes: number, backend: Backend, seed: number, ownDatabases: boolean): Promise<number> {
  const found = await runSoak({ minutes, backend, seed, ownDatabases, say });
  say(renderSoak(found));
  return found.losses.length === 0 ? 0 : 1;
}

async function sustain(time: string, rate: number, keptSeconds: number, backend: Backend): Promise<number> {
  const [, amount, unit] = /^(\d+)([ms])$/.exec(time) ?? [];
  if (amount === undefined) throw new UsageError(`--sustain is "${time}" and must be minutes or seconds, as 20m or 90s.`);
  const seconds = Number(amount) * (unit === "m" ? 60 : 1);
  const sustained = await runSustain({ seconds, rate, keptSeconds, backend, say });
  say(renderSustained(sustained));
  return sustained.losses.length === 0 && sustained.growth.every(({ isGrowing }) => !isGrowing) ? 0 : 1;
}

await runScript({
  usage: USAGE,
  options: {
    minutes: { type: "string", default: "10" },
    backend: { type: "string", default: "redis" },
    seed: { type: "string", default: String(randomBytes(4).readUInt32BE()) },
    "own-databases": { type: "boolean", default: false },
    sustain: { type: "string" },
    rate: { type: "string", default: "50" },
    kept: { type: "string", default: "60" },
  },
  run({ values, positionals }) {
    refuseWords(positionals);
    const backend = oneOf("backend", values.backend, ["redis", "postgres"]);
    if (values.sustain !== undefined)
      return sustain(values.sustain, wholeNumber("rate", values.rate, 1), wholeNumber("kept", values.kept, 1), backend);
    const minutes = Number(values.minutes);
    if (!(minutes > 0)) throw new UsageError(`--minutes is "${values.minutes}" and must be a number above 0.`);
    return soak(minutes, backend, wholeNumber("seed", values.seed, 0), values["own-databases"]);
  },
});
// Open sockets to killed servers would keep the process alive.
process.exit();
