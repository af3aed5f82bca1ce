import { parentPort, workerData } from "node:worker_threads";
import { createContextData } from "../../data/context-data.ts";
import { systemClock } from "../../kernel/clock.ts";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { createLogger, type LogLevel } from "../../observe/logger.ts";
import { LeaseKeeper } from "../../work/engine/lease-keeper.ts";
import type { LeaseAddress, LeaseOrder, LeaseReport } from "../../work/engine/lease-thread.ts";
import { WorkDatabase } from "../../work/engine/work-database.ts";

/**
 * The program of the second thread, which renews leases while the first one is blocked. It is a file of its own, which `start-lease-worker.ts` starts. An app
 * that is bundled into one file needs this file beside the bundle.
 */
const { name, level } = workerData as { readonly name: string; readonly level: LogLevel };
const log = createLogger({ name, level });
const clock = systemClock;

const keeper = new LeaseKeeper({
  report: (report) => parentPort?.postMessage(report),
  open: ({ context, url, role }: LeaseAddress) => {
    const limits = { ...DEFAULT_LIMITS, poolCount: 1 };
    const data = createContextData({ context, url, role, tables: {}, limits, clock, log });
    const database = new WorkDatabase(data, clock);
    return {
      rows: (text, params, deadlineMs) => database.prepared("renew leases of a blocked process", text, params, deadlineMs),
      close: () => data.close(),
    };
  },
  clock,
  log,
});
parentPort?.on("message", (order: LeaseOrder) => keeper.take(order));
// Reports that the thread is ready.
parentPort?.postMessage({ renewed: [], sentMs: 0 } satisfies LeaseReport);
