import { randomUUID } from "node:crypto";
import postgres, { type Sql } from "postgres";
import { afterAll, afterEach, beforeAll } from "vitest";
import { until } from "../data/child.testing.ts";
import type { ContextData } from "../data/context-data.ts";
import { testScope, useTestDatabase } from "../data/database.testing.ts";
import { migrate } from "../data/migrate/migrate.ts";
import type { ContextModule } from "../define/define-context.ts";
import { type Clock, systemClock } from "../kernel/clock.ts";
import type { Limits } from "../kernel/limits.ts";
import { type Logger, silentLogger } from "../kernel/log.ts";
import { Timers } from "../kernel/timers.ts";
import type { CountLeft } from "../observe/work-metrics.ts";
import { startWorkflowWork, type WorkflowWork } from "../work/workflows/start-workflow-work.ts";
import type { WorkflowTiming } from "../work/workflows/workflow-timing.ts";
import type { TransactionFactory } from "./typed-transaction.ts";
import { compileContexts, type PlaceBody, type StockHooks, type WorkflowContexts } from "./workflows.fixture.testing.ts";

/** A process of a test that runs the workflow. */
export interface Working extends WorkflowContexts {
  readonly work: WorkflowWork;
}

/** Two contexts in a database, and their workflows. */
interface WorkflowPlace {
  readonly url: string;
  readonly roles: Readonly<Record<string, string | undefined>>;
  readonly sql: Sql;
  /** Starts a process that runs the workflow with this body until the test ends. */
  start(
    place: PlaceBody,
    hooks?: StockHooks,
    timing?: Partial<WorkflowTiming>,
    random?: () => number,
    left?: CountLeft,
    others?: {
      readonly clock?: Clock;
      readonly timers?: Timers;
      readonly log?: Logger;
      readonly wrap?: (store: ContextData) => ContextData;
      readonly limits?: Partial<Limits>;
    },
  ): Working;
  /** The context that starts runs, as an app lists it. */
  module(): ContextModule;
  /** Runs a function in a transaction of the context. */
  transaction<Result>(run: (tx: ReturnType<TransactionFactory>) => Promise<Result>): Promise<Result>;
  /** Starts a run in its own transaction. */
  run(key: string, input?: object): Promise<string>;
  row(id: string): Promise<Record<string, unknown>>;
  /** Delivers the event that a payment was taken to the orders, as the inbox does. */
  pay(order: string, cents: number): Promise<void>;
  is(id: string, state: string): Promise<Record<string, unknown>>;
  /** The effects in both contexts, in alphabetical order. */
  happened(): Promise<readonly string[]>;
  steps(id: string): Promise<readonly Record<string, unknown>[]>;
}

/** Prepares a {@link WorkflowPlace} for the tests of a file. Each test begins with empty tables. */
export function useWorkflows(): WorkflowPlace {
  const database = useTestDatabase();
  const made = {} as { url: string; roles: Record<string, string | undefined>; sql: Sql; starter: WorkflowContexts };
  const timers = new Timers(() => systemClock.monotonicMs());
  const working: Working[] = [];
  beforeAll(async () => {
    made.url = database.database.url;
    made.roles = {};
    made.sql = postgres(made.url, { max: 2, onnotice: () => {} });
    for (const context of ["orders", "stock"]) {
      made.roles[context] = (await migrate({ url: made.url, context })).role;
      await made.sql.unsafe(
        `create table ${context}.happened (id uuid primary key default gen_random_uuid(), what text not null, run text not null, n int);` +
          (made.roles[context] === undefined ? "" : `grant all on ${context}.happened to "${made.roles[context]}"`),
      );
    }
    // On a busy machine the transactions of a test wait for a connection instead of being refused.
    made.starter = compileContexts({ ...made, timers, limits: { poolWaitMs: 30_000 } }, async () => ({ left: 0 }));
  });
  afterEach(async () => {
    for (const { work, stores } of working.splice(0)) {
      await work.close();
      await Promise.all([stores.orders.close(), stores.stock.close()]);
    }
    await made.sql`truncate orders.happened, stock.happened, orders.holon_runs, orders.holon_steps, orders.holon_awaited_events, stock.holon_keys cascade`;
  });
  afterAll(async () => {
    timers.close();
    await Promise.all([made.starter?.stores.orders.close(), made.starter?.stores.stock.close(), made.sql?.end({ timeout: 1 })]);
  });
  const functions: Pick<WorkflowPlace, "start" | "module" | "transaction" | "run" | "row" | "pay" | "is" | "happened" | "steps"> = {
    start(place, hooks, timing, random = () => 0, left = () => {}, { wrap, limits = {}, ...others } = {}) {
      const contexts = compileContexts({ ...made, timers, limits, ...(wrap === undefined ? {} : { wrap }) }, place, hooks);
      const work = startWorkflowWork({
        workflows: contexts.orders.workflows,
        store: contexts.stores.orders,
        services: { clock: systemClock, timers, log: silentLogger, random, newId: randomUUID, left, ...others },
        timing: { pollMs: 20, ...timing },
      });
      const started = { ...contexts, work };
      working.push(started);
      return started;
    },
    module: () => made.starter.orders.module,
    transaction: (run) => made.starter.stores.orders.transaction(testScope(), (tx) => run(made.starter.orders.openTransaction(tx))),
    async run(key, input = {}) {
      return (await functions.transaction((tx) => tx.start("place", input, { key }))).runId;
    },
    async row(id) {
      const [row] = await made.sql`select * from orders.holon_runs where id = ${id}`;
      return row ?? {};
    },
    pay: (order, cents) =>
      functions.transaction(async (tx) => {
        const event = { id: randomUUID(), producer: "payments", name: "paymentTaken", payload: { order, cents }, key: order };
        await functions.module().events["payments"]?.["paymentTaken"]?.({ event, tx, ctx: undefined as never });
      }),
    async is(id, state) {
      await until(async () => (await functions.row(id))["state"] === state);
      return functions.row(id);
    },
    async happened() {
      const rows = await made.sql<{ what: string }[]>`select what from orders.happened union all select what from stock.happened order by 1`;
      return rows.map(({ what }) => what);
    },
    steps: async (id) => [...(await made.sql`select * from orders.holon_steps where run_id = ${id} order by ordinal`)],
  };
  return Object.assign(made, functions);
}
