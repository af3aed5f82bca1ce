import { randomUUID } from "node:crypto";
import { eq } from "drizzle-orm";
import { integer, pgSchema, text, uuid } from "drizzle-orm/pg-core";
import { z } from "zod";
import { contract, event, mutation, query } from "../contract/index.ts";
import { type ContextData, createContextData } from "../data/context-data.ts";
import { testLimits } from "../data/database.testing.ts";
import { type ContextModule, defineContext } from "../define/define-context.ts";
import { outsideEffect } from "../define/handlers.ts";
import { systemClock } from "../kernel/clock.ts";
import type { Limits } from "../kernel/limits.ts";
import { type Logger, silentLogger } from "../kernel/log.ts";
import type { Timers } from "../kernel/timers.ts";
import { workflow } from "../work/workflows/workflow.ts";
import { type CompiledContext, compileContext } from "./context-runtime.ts";

/** The table of effects. Each of the two contexts of the tests has one. */
const happened = (context: string) =>
  pgSchema(context).table("happened", { id: uuid().primaryKey().defaultRandom(), what: text().notNull(), run: text().notNull(), n: integer() });
const stockTables = { happened: happened("stock") };
export const orderTables = { happened: happened("orders") };

const Run = z.object({ run: z.string() });

/** A context that steps of the workflow call. */
const stockContract = contract("stock", {
  procedures: {
    left: query({ access: "internal", output: z.object({ left: z.int() }) }),
    reserve: mutation({
      access: "internal",
      idempotent: true,
      input: Run,
      output: z.object({ left: z.int() }),
      errors: { OUT_OF_STOCK: z.object({ left: z.int() }) },
    }),
    release: mutation({ access: "internal", idempotent: true, input: Run }),
    charge: mutation({ access: "internal", idempotent: true, input: Run }),
    count: mutation({ access: "internal", input: Run }),
  },
});
const payments = contract("payments", {
  procedures: {},
  events: { paymentTaken: event(z.object({ order: z.string(), cents: z.int() }), { orderedBy: "order" }) },
});
const orders = defineContext(contract("orders", { procedures: {} }), {
  tables: orderTables,
  calls: { stock: stockContract },
  subscribesTo: { payments },
  workflows: {
    place: workflow({
      version: 1,
      input: z.object({ fails: z.boolean().optional(), n: z.int().optional() }),
      output: z.object({ left: z.int() }),
      waitsFor: { payments: ["paymentTaken"] },
    }),
  },
});

/** The workflow's body, which each test passes in. */
export type PlaceBody = Parameters<typeof orders.workflows>[0]["place"];

/** What a test adds to the called context. */
export interface StockHooks {
  /** Runs inside the transaction of the reservation. An error that it throws rolls the transaction back. */
  reserving?: () => Promise<void>;
  /** Runs in the outside effect, before its transaction. */
  charging?: () => Promise<void>;
}

/** The database of the tests, and the parts that a test may replace. */
interface WorkflowPlaceDeps {
  readonly url: string;
  readonly roles: Readonly<Record<string, string | undefined>>;
  readonly timers: Timers;
  readonly log?: Logger;
  /** Replaces the store of the context for the work of runs, for example by a store that fails. */
  readonly wrap?: (store: ContextData) => ContextData;
  readonly limits?: Partial<Limits>;
}

/** The two contexts, compiled and connected in this process. */
export interface WorkflowContexts {
  readonly orders: CompiledContext;
  readonly stores: Readonly<Record<"orders" | "stock", ContextData>>;
}

/** Compiles and connects the contexts of the tests around a body. */
export function compileContexts(
  { url, roles, timers, log = silentLogger, wrap = (store) => store, limits = {} }: WorkflowPlaceDeps,
  place: PlaceBody,
  hooks: StockHooks = {},
): WorkflowContexts {
  const store = (context: string, tables: Record<string, unknown>): ContextData =>
    createContextData({ context, url, role: roles[context], tables, limits: testLimits(limits), clock: systemClock, log });
  const stores = { orders: wrap(store("orders", orderTables)), stock: store("stock", stockTables) };
  const services = { clock: systemClock, timers, log, newId: randomUUID, series: () => ({ record() {} }), transportOf: () => "local" as const };
  const compile = (module: ContextModule, data: ContextData): CompiledContext =>
    compileContext({ module, store: data, limits: testLimits(), pipeline: services });
  const stock = compile(stockModule(hooks), stores.stock);
  const own = compile(orders.implement({ procedures: {}, events: { payments: {} }, workflows: orders.workflows({ place }) }), stores.orders);
  own.connect((_context, path) => {
    const target = stock.targets.get(path);
    if (target === undefined) throw new TypeError(`there is no ${path}`);
    return target;
  });
  return { orders: own, stores };
}

function stockModule(hooks: StockHooks): ContextModule {
  const stock = defineContext(stockContract, { tables: stockTables });
  return stock.implement({
    procedures: stock.procedures({
      left: async () => ({ left: 7 }),
      async reserve({ input, tx }) {
        await tx.db.insert(stockTables.happened).values({ what: "reserved", run: input.run });
        await hooks.reserving?.();
        return { left: 3 };
      },
      async release({ input, tx }) {
        await tx.db.delete(stockTables.happened).where(eq(stockTables.happened.run, input.run));
      },
      charge: outsideEffect(async ({ input, ctx }) => {
        await hooks.charging?.();
        return ctx.transaction(async (tx) => {
          await tx.db.insert(stockTables.happened).values({ what: "charged", run: input.run });
        });
      }),
      async count({ input, ctx }) {
        await ctx.transaction((tx) => tx.db.insert(stockTables.happened).values({ what: "counted", run: input.run }));
      },
    }),
  });
}
