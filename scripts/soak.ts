import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { renderSoak } from "./soak/report.ts";
import { runSoak } from "./soak/run-soak.ts";

const USAGE = `Places orders for a while, and meanwhile kills processes, empties queues, and restarts Redis and Postgres, at random.

  npm run soak -- --minutes 10 [--backend redis|postgres] [--seed 1234] [--own-databases]

Exit code 0 where every order had its effect once at each subscriber, 1 where not.
`;
const BAD_USAGE = 2;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      backend: { type: "string", default: "redis" },
      seed: { type: "string", default: String(randomBytes(4).readUInt32BE()) },
      "own-databases": { type: "boolean", default: false },
    },
  });
  const [minutes, seed, { backend }] = [Number(values.minutes), Number(values.seed), values];
  if (!(minutes > 0) || !Number.isInteger(seed) || (backend !== "redis" && backend !== "postgres")) {
    process.stderr.write(USAGE);
    return BAD_USAGE;
  }
  const soak = await runSoak({ minutes, backend, seed, ownDatabases: values["own-databases"], say: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`${renderSoak(soak)}\n`);
  return soak.losses.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`The soak stopped: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Sockets of killed servers would keep it alive.
process.exit();
