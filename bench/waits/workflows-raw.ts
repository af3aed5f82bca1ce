import postgres from "postgres";
import type { WaitsContender } from "./contender.ts";
import { IDLE_RUNS, pause } from "./idle.ts";
import { perSecond, quantile } from "./tally.ts";

const FIVE = [1, 2, 3, 4, 5];

/** Commits of one row each, with one connection for each concurrent commit, and nothing else. A single run is five commits, one after the other. */
export const rawCommits: WaitsContender = {
  async start({ databaseUrl }) {
    const owner = postgres(databaseUrl, { max: 1, onnotice: () => {} });
    await owner`create table steps (id bigint generated always as identity primary key, n int not null, result jsonb)`;
    return {
      async measure(concurrency, count) {
        const sql = postgres(databaseUrl, { max: concurrency, onnotice: () => {} });
        await Promise.all(Array.from({ length: concurrency }, () => sql`select pg_sleep(0.01)`));
        const idle: number[] = [];
        for (let at = 0; at < Math.min(IDLE_RUNS, count); at++) {
          await pause();
          const runMs = performance.now();
          for (const n of FIVE) await sql`insert into steps (n, result) values (${n}, '{}')`;
          idle.push(performance.now() - runMs);
        }
        let next = 0;
        const cpuBefore = process.cpuUsage();
        const startedMs = performance.now();
        await Promise.all(
          Array.from({ length: concurrency }, async () => {
            while (next < count) await sql`insert into steps (n, result) values (${next++}, '{}')`;
          }),
        );
        const stepsPerSecond = perSecond(count, performance.now() - startedMs);
        const { user, system } = process.cpuUsage(cpuBefore);
        await sql.end();
        await owner`truncate steps`;
        return { stepsPerSecond, idleP50ms: quantile(idle, 0.5), cpuUs: (user + system) / count };
      },
      close: () => owner.end(),
    };
  },
};
