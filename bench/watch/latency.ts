/**
 * Measures the time from the return of a commit until a watcher has the item. It emits 200 single events, one after the other, on an otherwise idle system:
 * first in the process of the watcher, and then in a second process.
 *
 *     node --conditions=source --import tsx bench/watch/latency.ts [count]
 */

import { migrate } from "../../src/holon/data/migrate/migrate.ts";
import { createTestDatabase, startTestServer } from "../../src/holon/dev/postgres/test-database.ts";
import { startEmittingChild } from "../../src/holon/work/watch/emitting-child.testing.ts";
import { openWatchingProcess } from "../../src/holon/work/watch/watching-process.testing.ts";

const count = Number(process.argv[2] ?? 200);
const IDLE_MS = 20;
const nowMs = (): number => performance.timeOrigin + performance.now();

const server = await startTestServer();
const database = await createTestDatabase({ server });
const { role } = await migrate({ url: database.url, context: "orders" });
const running = openWatchingProcess(database.url, role);
const child = await startEmittingChild(database.url, role);
const watcher = await running.open({ event: "orderNoted" });

async function measure(emit: (n: number) => Promise<number>): Promise<number[]> {
  const tookMs: number[] = [];
  for (let n = -10; n < count; n++) {
    const received = watcher.next().then(nowMs);
    const committedAtMs = await emit(n);
    const took = (await received) - committedAtMs;
    if (n >= 0) tookMs.push(took);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  }
  return tookMs.sort((one, other) => one - other);
}

const at = (sorted: readonly number[], part: number): string => (sorted[Math.floor(sorted.length * part)] ?? Number.NaN).toFixed(2);
const here = await measure(async (n) => {
  await running.note(n);
  return nowMs();
});
const across = await measure((n) => child.note(n));
for (const [name, sorted] of [["one process", here] as const, ["two processes", across] as const])
  console.log(
    `${name}: ${sorted.length} events, commit to item p50 ${at(sorted, 0.5)} ms, p99 ${at(sorted, 0.99)} ms, most ${at(sorted, 0.9999)} ms`,
  );

await child.stop();
await running.close();
await database.drop();
await server.stop();
