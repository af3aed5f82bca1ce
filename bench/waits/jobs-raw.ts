import type { QueueKind, WaitsContender } from "./contender.ts";
import { openRawQueues } from "./raw-queue.ts";
import { perSecond, Tally } from "./tally.ts";

/** The most jobs in one addBulk. */
const BULK_COUNT = 500;

/** BullMQ alone: jobs are added in bulk, then one worker runs them with a handler that does nothing. */
export function rawJobs(kind: QueueKind): WaitsContender {
  return {
    async start(places) {
      const queues = await openRawQueues(kind, places);
      let rounds = 0;
      return {
        async measure(concurrency, count) {
          const name = `raw-jobs-${process.pid}-${rounds++}`;
          const queue = queues.queue(name);
          await queue.waitUntilReady();
          const addingMs = performance.now();
          for (let from = 0; from < count; from += BULK_COUNT) {
            const jobs = Array.from({ length: Math.min(BULK_COUNT, count - from) }, (_, at) => ({ name: "send", data: { id: from + at } }));
            await queue.addBulk(jobs);
          }
          const addedMs = performance.now() - addingMs;
          const tally = new Tally(count);
          const cpuBefore = process.cpuUsage();
          const worker = queues.worker(name, async () => tally.begin(), concurrency);
          worker.on("completed", () => tally.note());
          await tally.all();
          const { user, system } = process.cpuUsage(cpuBefore);
          await worker.close();
          await queue.close();
          return {
            jobsPerSecond: perSecond(count, tally.lastMs - tally.firstMs),
            queuedPerSecond: perSecond(count, addedMs),
            cpuUs: (user + system) / count,
          };
        },
        close: () => queues.close(),
      };
    },
  };
}
