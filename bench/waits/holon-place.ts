import { once } from "node:events";
import postgres, { type Sql } from "postgres";
import { type ContextData, createContextData } from "../../src/holon/data/context-data.ts";
import type { Tables } from "../../src/holon/data/drizzle/database.ts";
import { migrate } from "../../src/holon/data/migrate/migrate.ts";
import { systemClock } from "../../src/holon/kernel/clock.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/holon/kernel/limits.ts";
import { silentLogger } from "../../src/holon/kernel/log.ts";
import { ANONYMOUS } from "../../src/holon/kernel/principal.ts";
import { Scope } from "../../src/holon/kernel/scope.ts";
import { Timers } from "../../src/holon/kernel/timers.ts";
import { startLeaseWorker } from "../../src/holon/process/start/start-lease-worker.ts";
import { LeaseThread } from "../../src/holon/work/engine/lease-thread.ts";
import { createQueueBackend } from "../../src/holon/work/queue/bull-backend.ts";
import type { QueueBackend } from "../../src/holon/work/queue/queue-backend.ts";
import type { Places, QueueKind } from "./contender.ts";

/** The services of the contexts of one process, as `startProcess` makes them, with the default limits. */
export interface HolonPlace {
  readonly backend: QueueBackend;
  readonly services: {
    readonly clock: typeof systemClock;
    readonly timers: Timers;
    readonly log: typeof silentLogger;
    readonly random: () => number;
    readonly thread: LeaseThread;
  };
  readonly limits: Limits;
  /** A connection as the owner of the database, for checks and clean-up. */
  readonly sql: Sql;
  /** Opens the data of one context, and migrates it. */
  openData(context: string): Promise<ContextData<Tables>>;
  close(): Promise<void>;
}

/** Opens the queues and the databases of one process. */
export async function openHolonPlace(kind: QueueKind, places: Places, poolCount: number = DEFAULT_LIMITS.poolCount): Promise<HolonPlace> {
  const timers = new Timers(() => systemClock.monotonicMs());
  const place = kind === "redis" ? { kind, url: places.redisUrl } : { kind, url: places.databaseUrl };
  const base = { clock: systemClock, timers, log: silentLogger, random: Math.random };
  const worker = startLeaseWorker("bench", "silent");
  const thread = new LeaseThread({ start: () => worker, ...base });
  // If the thread had not started yet, the figures would not include the cost of sending it each claim.
  await once(worker, "message");
  const services = { ...base, thread };
  const backend = await createQueueBackend(place, { ...base, prefix: `holon-${process.pid}` });
  const limits: Limits = { ...DEFAULT_LIMITS, poolCount, poolWaitingCount: 100_000, poolWaitMs: 60_000 };
  const sql = postgres(places.databaseUrl, { max: 2, onnotice: () => {} });
  const opened: ContextData<Tables>[] = [];
  return {
    backend,
    services,
    limits,
    sql,
    async openData(context) {
      const { role } = await migrate({ url: places.databaseUrl, context });
      const data = createContextData({ context, url: places.databaseUrl, role, tables: {}, limits, clock: systemClock, log: silentLogger });
      opened.push(data);
      return data;
    },
    async close() {
      await backend.close();
      for (const data of opened) await data.close();
      await sql.end({ timeout: 1 });
      await thread.close();
      timers.close();
    },
  };
}

/** A scope that lasts longer than any round. */
export function benchScope(): Scope {
  return Scope.root({ principal: ANONYMOUS, caller: "bench", deadlineAtMs: systemClock.monotonicMs() + 600_000 });
}
