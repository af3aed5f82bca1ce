import { randomUUID } from "node:crypto";
import postgres, { type Sql } from "postgres";
import { afterAll, afterEach, beforeAll } from "vitest";
import { until } from "../../data/child.testing.ts";
import { type ContextData, createContextData } from "../../data/context-data.ts";
import { testLimits, testScope, useTestDatabase } from "../../data/database.testing.ts";
import { migrate } from "../../data/migrate/migrate.ts";
import type { AppendedJob } from "../../data/transaction/outbox-statements.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import type { Scope } from "../../kernel/scope.ts";
import { Timers } from "../../kernel/timers.ts";
import type { CountLeft } from "../../observe/work-metrics.ts";
import type { LeaseThread } from "../engine/lease-thread.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import type { ScheduleMap } from "../schedules/schedule.ts";
import type { JobMap } from "./job.ts";
import type { JobCall, JobHandler } from "./job-call.ts";
import type { OutboxPlace } from "./job-statements.ts";
import type { JobTiming } from "./job-timing.ts";
import { effects, tables } from "./jobs.fixture.testing.ts";
import { MemoryQueues } from "./memory-queues.testing.ts";
import { type JobWork, startJobWork } from "./start-job-work.ts";

/** The options with which a test starts its jobs. */
interface StartOptions {
  readonly schedules?: ScheduleMap;
  readonly timing?: Partial<JobTiming>;
  readonly clock?: Clock;
  readonly backend?: QueueBackend;
  readonly random?: () => number;
  readonly left?: CountLeft;
  /** A second connection pool for the same tables. */
  readonly store?: ContextData<typeof tables>;
  readonly log?: Logger;
  readonly thread?: LeaseThread;
}

/** A database with the tables of the context, and workers that run its jobs. */
interface JobsPlace {
  readonly url: string;
  readonly role: string | undefined;
  readonly sql: Sql;
  readonly store: ContextData<typeof tables>;
  readonly queues: MemoryQueues;
  start(jobs: JobMap, handlers: Record<string, JobHandler>, options?: StartOptions): Promise<JobWork>;
  /** Enqueues jobs in a transaction of its own, without dispatching them. Returns the ids from the outbox. */
  append(jobs: readonly Partial<AppendedJob>[], scope?: Scope): Promise<readonly string[]>;
  /** Enqueues and dispatches one job. Default name: `send`. */
  enqueue(work: JobWork, job?: Partial<AppendedJob>): Promise<string>;
  /** Dispatches the row of the outbox that has this id, settled or not. */
  dispatch(work: JobWork, id: string): Promise<void>;
  /** Dispatches all rows of the outbox that are not settled. */
  publish(work: JobWork): Promise<number>;
  row(id: string): Promise<Record<string, unknown>>;
  is(id: string, state: string): Promise<void>;
  /** A handler that writes its effect in the transaction that ends the job, and then calls `after`. */
  completing(after?: (call: JobCall) => void): JobHandler;
  effectCount(): Promise<number>;
}

/** A queue backend, and a function that stops the server that was started for it. */
export interface OpenedBackend {
  readonly backend: QueueBackend;
  end(): Promise<void>;
}

/** Opens a backend for the tests of a block. Shape: `backend` can be read from the first test on. */
export function useBackend(open: () => Promise<OpenedBackend>): { readonly backend: QueueBackend } {
  let opened: OpenedBackend | undefined;
  beforeAll(async () => {
    opened = await open();
    await until(() => opened?.backend.reachable === true);
  });
  afterAll(async () => {
    await opened?.backend.close();
    await opened?.end();
  });
  return {
    get backend() {
      return (opened as OpenedBackend).backend;
    },
  };
}

/** Opens a {@link JobsPlace} for the tests of a file. Each test starts with empty tables and queues. */
export function useJobs(): JobsPlace {
  const place = useTestDatabase();
  const made = {} as { url: string; role: string | undefined; sql: Sql; store: ContextData<typeof tables>; queues: MemoryQueues };
  const working: JobWork[] = [];
  const timers = new Timers(() => systemClock.monotonicMs());
  beforeAll(async () => {
    made.url = place.database.url;
    made.role = (await migrate({ url: made.url, context: "orders" })).role;
    made.sql = postgres(made.url, { max: 2, onnotice: () => {} });
    await made.sql`create table orders.effects (id uuid primary key default gen_random_uuid(), job text not null, attempt int not null)`;
    made.store = createContextData({
      context: "orders",
      url: made.url,
      role: made.role,
      tables,
      limits: testLimits({ poolCount: 10, poolWaitMs: 30_000 }),
      clock: systemClock,
      log: silentLogger,
    });
    made.queues = new MemoryQueues();
  });
  afterEach(async () => {
    await Promise.all(working.splice(0).map((work) => work.close()));
    made.queues.empty();
    made.queues.added.splice(0);
    made.queues.reachable = true;
    made.queues.isRefusing = false;
    made.queues.refusing.clear();
    await until(() => made.store.stats().inUse === 0);
    await made.sql`truncate orders.effects, orders.holon_jobs, orders.holon_outbox, orders.holon_schedules cascade`;
  });
  afterAll(async () => {
    timers.close();
    await made.store?.close();
    await made.sql?.end({ timeout: 1 });
  });
  const functions: Omit<JobsPlace, keyof typeof made> = {
    async start(
      jobs,
      handlers,
      { schedules = {}, timing = {}, clock = systemClock, backend = made.queues, random = () => 0, left = () => {}, ...rest } = {},
    ) {
      const work = await startJobWork({
        module: { name: "orders", jobs, schedules },
        handlers: new Map(Object.entries(handlers)),
        store: rest.store ?? made.store,
        backend,
        services: { clock, timers, log: rest.log ?? silentLogger, random, newId: randomUUID, left, thread: rest.thread },
        runAlone: async () => ({ kind: "unstarted", how: "this test has no children" }),
        timing: { sweepMs: 3_600_000, ...timing },
      });
      working.push(work);
      return work;
    },
    async append(jobs, scope = testScope()) {
      await made.store.transaction(scope, async (tx) => {
        for (const { name = "send", data = {}, options = {} } of jobs) await tx.appendJob({ name, data, options });
      });
      const rows = await made.sql<
        { id: string }[]
      >`select id from orders.holon_outbox where kind = 'job' order by position desc limit ${jobs.length}`;
      return rows.map(({ id }) => id).toReversed();
    },
    async enqueue(work, job = {}) {
      const [id = ""] = await functions.append([job]);
      await functions.dispatch(work, id);
      return id;
    },
    async dispatch(work, id) {
      const rows = await made.sql<OutboxPlace[]>`select id, position::int from orders.holon_outbox where id = ${id}`;
      await work.dispatch(rows);
    },
    async publish(work) {
      const rows = await made.sql<
        OutboxPlace[]
      >`select id, position::int from orders.holon_outbox where kind = 'job' and settled_at is null order by position`;
      await work.dispatch(rows);
      return rows.length;
    },
    async row(id) {
      const [row] = await made.sql`select * from orders.holon_jobs where id = ${id}`;
      return row ?? {};
    },
    is: (id, state) => until(async () => (await functions.row(id))["state"] === state),
    completing:
      (after = () => {}) =>
      async (call) => {
        await made.store.transaction(call.scope, async (tx) => {
          await tx.db.insert(effects).values({ job: "send", attempt: call.attempt });
          await call.complete(tx, undefined);
        });
        after(call);
      },
    effectCount: async () => (await made.sql`select 1 from orders.effects`).length,
  };
  return Object.assign(made, functions);
}
