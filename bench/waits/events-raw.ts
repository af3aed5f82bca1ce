import type { QueueKind, WaitsContender } from "./contender.ts";
import { IDLE_COUNT, pause } from "./idle.ts";
import { openRawQueues } from "./raw-queue.ts";
import { perSecond, quantile, Tally } from "./tally.ts";

const BULK_COUNT = 500;

/**
 * BullMQ alone: a job is added for each event, and its handler does nothing. Nothing is written to a database, and nothing makes effects happen only
 * once.
 */
export function rawEvents(kind: QueueKind): WaitsContender {
  return {
    async start(places) {
      const queues = await openRawQueues(kind, places);
      let rounds = 0;
      return {
        async measure(concurrency, count) {
          const name = `raw-events-${process.pid}-${rounds++}`;
          const queue = queues.queue(name);
          await queue.waitUntilReady();
          const idle: number[] = [];
          let heard: (ms: number) => void = () => {};
          let tally: Tally | undefined;
          const worker = queues.worker(name, async () => heard(performance.now()), concurrency);
          worker.on("completed", () => tally?.note());
          await worker.waitUntilReady();
          for (let at = 0; at < Math.min(IDLE_COUNT, count); at++) {
            await pause();
            const addedMs = performance.now();
            const heardMs = new Promise<number>((resolve) => {
              heard = resolve;
            });
            await queue.add("told", { n: at });
            idle.push((await heardMs) - addedMs);
          }
          heard = () => {};
          tally = new Tally(count);
          const startedMs = performance.now();
          for (let from = 0; from < count; from += BULK_COUNT) {
            await queue.addBulk(Array.from({ length: Math.min(BULK_COUNT, count - from) }, (_, at) => ({ name: "told", data: { n: from + at } })));
          }
          await tally.all();
          const eventsPerSecond = perSecond(count, tally.lastMs - startedMs);
          await worker.close();
          await queue.close();
          return { eventsPerSecond, settledPerSecond: eventsPerSecond, idleP50ms: quantile(idle, 0.5), idleP99ms: quantile(idle, 0.99) };
        },
        close: () => queues.close(),
      };
    },
  };
}
