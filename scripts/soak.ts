import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { renderSoak } from "./soak/report.ts";
import { runSoak } from "./soak/run-soak.ts";
import { renderSustained } from "./soak/sustain/report.ts";
import { runSustain } from "./soak/sustain/run-sustain.ts";

const USAGE = `Places orders for a while, and meanwhile kills processes, empties queues, and restarts Redis and Postgres, at random.

  npm run soak -- --minutes 10 [--backend redis|postgres] [--seed 1234] [--own-databases]

Or keeps an app at work at a steady rate, harms nothing, and looks whether a table, an index, a queue, memory or handles go on growing.

  npm run soak -- --sustain 20m --rate 150 [--backend redis|postgres] [--kept 60]

  --sustain 20m    how long, in minutes (m) or seconds (s)
  --rate N         events and jobs a second each, and a fifth of that in runs of five steps (150)
  --kept N         seconds that what is over is kept (60)

Exit code 0 if every piece of work had its effect once and nothing grew, 1 if not.
`;
const BAD_USAGE = 2;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      backend: { type: "string", default: "redis" },
      seed: { type: "string", default: String(randomBytes(4).readUInt32BE()) },
      "own-databases": { type: "boolean", default: false },
      sustain: { type: "string" },
      rate: { type: "string", default: "150" },
      kept: { type: "string", default: "60" },
    },
  });
  if (values.sustain !== undefined) return sustain(values.sustain, Number(values.rate), Number(values.kept), values.backend);
  const [minutes, seed, { backend }] = [Number(values.minutes), Number(values.seed), values];
  if (!(minutes > 0) || !Number.isInteger(seed) || (backend !== "redis" && backend !== "postgres")) {
    process.stderr.write(USAGE);
    return BAD_USAGE;
  }
  const soak = await runSoak({ minutes, backend, seed, ownDatabases: values["own-databases"], say: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`${renderSoak(soak)}\n`);
  return soak.losses.length === 0 ? 0 : 1;
}

async function sustain(time: string, rate: number, keptSeconds: number, backend: string): Promise<number> {
  const [, amount, unit] = /^(\d+)([ms])$/.exec(time) ?? [];
  if (amount === undefined || !(rate > 0) || !(keptSeconds > 0) || (backend !== "redis" && backend !== "postgres")) {
    process.stderr.write(USAGE);
    return BAD_USAGE;
  }
  const seconds = Number(amount) * (unit === "m" ? 60 : 1);
  const sustained = await runSustain({ seconds, rate, keptSeconds, backend, say: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`${renderSustained(sustained)}\n`);
  return sustained.losses.length === 0 && sustained.growth.every(({ isGrowing }) => !isGrowing) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`The soak stopped: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Sockets of killed servers would keep it alive.
process.exit();
