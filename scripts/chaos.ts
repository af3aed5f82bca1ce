import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { oneOf, refuseWords, runScript, wholeNumber } from "../src/holon/cli/command-line.ts";
import { startEmbeddedPostgres } from "../src/holon/dev/postgres/embedded-postgres.ts";
import { freePorts } from "../src/holon/dev/postgres/free-ports.ts";
import { endWithUs } from "../src/holon/dev/postgres/guarded-process.ts";
import { startTestRedis } from "../src/holon/work/queue/redis-server.testing.ts";
import { createRandom } from "../test/faults/harness/scale.ts";

import { type ShopProcesses, startShopApart } from "./chaos/shop-processes.ts";

const USAGE = `Replays Northwind through a shop that runs apart while its processes are killed, Redis is emptied twice and Postgres is killed once.

  npm run chaos -- [options]

  --backend redis|postgres  where queues live (redis)
  --every MS                time between two kills; from 100 (2000)
  --seed N                  decides which processes are killed (1)
  --concurrency N           orders that are placed at once (2)
  -h, --help                prints this text
`;
const REPLAY = fileURLToPath(new URL("replay.ts", import.meta.url));
/** The numbers of the kills after which Redis is flushed. */
const FLUSH_AFTER = [3, 6];
const DATABASE_AFTER = 4;

interface ChaosOptions {
  readonly backend: "redis" | "postgres";
  readonly everyMs: number;
  readonly seed: number;
  readonly concurrency: number;
}

async function main({ backend, everyMs, seed, concurrency }: ChaosOptions): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), "holon-chaos-"));
  const postgres = await startEmbeddedPostgres({ folder: path.join(folder, "postgres"), database: "shop" });
  const redis = backend === "redis" ? await startTestRedis({ stock: true }) : undefined;
  const [port, mailPort] = (await freePorts(2)) as [number, number];
  const url = `http://127.0.0.1:${port}`;
  const env = { PORT: String(port), SHOP_MAIL_PORT: String(mailPort), DATABASE_URL: postgres.url, REDIS_URL: redis?.url, LOG_LEVEL: "info" };
  let shop: ShopProcesses | undefined;
  try {
    shop = await startShopApart(folder, url, env);
    const replay = spawn(
      process.execPath,
      [...process.execArgv, REPLAY, "--url", url, "--mail-url", `http://127.0.0.1:${mailPort}/mail`, "--concurrency", String(concurrency)],
      { stdio: "inherit" },
    );
    endWithUs(replay);
    const over = once(replay, "exit");
    const faults = await wreak({ shop, everyMs, random: createRandom(seed), flush: redis?.flush, pid: () => postgres.pid, over });
    process.stdout.write(`\nseed ${seed}, ${backend}: ${JSON.stringify(faults)}\n`);
    const [code] = (await over) as [number | null];
    const isWhole = faults.databaseKills === 1 && (redis === undefined || faults.flushes === 2);
    if (!isWhole) process.stdout.write("The replay ended before all faults had happened. Use a lower --every.\n");
    return code === 0 && isWhole ? 0 : 1;
  } finally {
    await shop?.stop();
    await redis?.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Storm {
  readonly shop: ShopProcesses;
  readonly everyMs: number;
  readonly random: () => number;
  readonly flush: (() => Promise<void>) | undefined;
  /** The process id of the database server. */
  readonly pid: () => number;
  /** Settles when the replay has ended. */
  readonly over: Promise<unknown>;
}

interface Faults {
  readonly kills: Record<string, number>;
  flushes: number;
  databaseKills: number;
}

/** Kills processes at random, one after the other, until the replay has ended. After some of the kills it also flushes Redis or kills Postgres. */
async function wreak({ shop, everyMs, random, flush, pid, over }: Storm): Promise<Faults> {
  const faults: Faults = { kills: {}, flushes: 0, databaseKills: 0 };
  let isOver = false;
  const end = over.then(() => {
    isOver = true;
  });
  for (let count = 1; ; count++) {
    await Promise.race([sleep(everyMs), end]);
    if (isOver) return faults;
    const { alive } = shop;
    const victim = alive[Math.floor(random() * alive.length)];
    if (victim !== undefined && shop.kill(victim)) faults.kills[victim] = (faults.kills[victim] ?? 0) + 1;
    if (flush !== undefined && FLUSH_AFTER.includes(count)) {
      await flush();
      faults.flushes++;
    }
    if (count === DATABASE_AFTER) {
      process.kill(pid(), "SIGKILL");
      faults.databaseKills++;
    }
  }
}

await runScript({
  usage: USAGE,
  options: {
    backend: { type: "string", default: "redis" },
    every: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    concurrency: { type: "string", default: "2" },
  },
  run({ values, positionals }) {
    refuseWords(positionals);
    return main({
      backend: oneOf("backend", values.backend, ["redis", "postgres"]),
      everyMs: wholeNumber("every", values.every, 100),
      seed: wholeNumber("seed", values.seed, 0),
      concurrency: wholeNumber("concurrency", values.concurrency, 1, 256),
    });
  },
});
