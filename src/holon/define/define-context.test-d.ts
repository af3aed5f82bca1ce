import { eq } from "drizzle-orm";
import { pgSchema, text, uuid } from "drizzle-orm/pg-core";
import { z } from "zod";
import { contract, event, mutation, query, subscription } from "../contract/index.ts";
import { job } from "../work/jobs/job.ts";
import { schedule } from "../work/schedules/schedule.ts";
import { defineContext } from "./define-context.ts";
import { safeCall } from "./handler-context.ts";
import { outsideEffect } from "./handlers.ts";

const Product = z.object({ id: z.string(), name: z.string() });
const catalog = contract("catalog", {
  procedures: {
    products: {
      get: query({ access: "public", input: z.object({ id: z.string() }), output: Product }),
      watch: subscription({ access: "public", output: Product }),
    },
    stock: {
      reserve: mutation({
        access: "internal",
        idempotent: true,
        input: z.object({ id: z.string() }),
        output: Product,
        errors: { OUT_OF_STOCK: z.object({ available: z.int() }) },
      }),
      sell: mutation({ access: "internal", idempotent: true, input: z.object({ id: z.string() }), output: Product }),
    },
  },
  events: { stockReserved: event(z.object({ id: z.string() }), { orderedBy: "id" }) },
});
const tables = { products: pgSchema("catalog").table("products", { id: uuid().primaryKey(), name: text().notNull() }) };
const other = contract("other", { procedures: { ping: query({ access: "public", output: z.object({ ok: z.boolean() }) }) } });

const def = defineContext(catalog, {
  tables,
  calls: { other },
  jobs: { tell: job(z.object({ id: z.string() })), count: job(z.object({}), { result: z.object({ n: z.int() }) }) },
  schedules: { nightly: schedule("0 3 * * *", "tell", { id: "1" }) },
});

export const handlers = def.procedures({
  products: {
    async get({ input, ctx }) {
      const pong = await ctx.call.other.ping();
      const row = await ctx.db.query.products.findFirst({ where: eq(tables.products.id, input.id) });
      if (!row || !pong.ok) throw ctx.fail("NOT_FOUND");
      // @ts-expect-error: writing exists on a transaction only
      ctx.db.insert(tables.products);
      // @ts-expect-error: a context that was not declared does not exist
      ctx.call.users;
      return row;
    },
    async *watch() {
      yield { id: "1", name: "x" };
    },
  },
  stock: {
    async reserve({ input, ctx, tx }) {
      await tx.db.insert(tables.products).values({ id: input.id, name: "x" });
      await tx.emit("stockReserved", { id: input.id });
      await tx.enqueue("tell", { id: input.id });
      // @ts-expect-error: this event does not exist
      await tx.emit("nothing", {});
      // @ts-expect-error: a transactional handler cannot call
      ctx.call;
      throw ctx.fail("OUT_OF_STOCK", { available: 1 });
    },
    sell: outsideEffect(async ({ input, ctx, key }) => {
      await ctx.call.other.ping(undefined, { key });
      return ctx.transaction(async () => ({ id: input.id, name: key }));
    }),
  },
});

// @ts-expect-error: a missing handler does not compile
def.procedures({ products: handlers.products });

def.procedures({
  ...handlers,
  // @ts-expect-error: a surplus handler does not compile
  surplus: async () => 1,
});

export const rules = def.rules({ products: { get: ({ ctx }) => ctx.user !== undefined } });
export const jobs = def.jobs({
  async tell({ data, ctx, attempt, progress, complete }) {
    await progress({ attempt });
    await ctx.call.other.ping(undefined, { key: data.id });
    await complete(async (tx) => tx.emit("stockReserved", { id: data.id }));
    // @ts-expect-error: writing exists on a transaction only
    ctx.db.insert(tables.products);
  },
  count: () => ({ n: 1 }),
});
// @ts-expect-error: a missing handler of a job does not compile
def.jobs({ tell: jobs.tell });
// @ts-expect-error: a surplus handler of a job does not compile
def.jobs({ ...jobs, surplus: async () => {} });
// @ts-expect-error: an answer that the job does not declare
def.jobs({ ...jobs, count: () => ({ n: "1" }) });
// @ts-expect-error: jobs that are declared need their handlers
def.implement({ procedures: handlers, rules });
// @ts-expect-error: this job does not exist
defineContext(catalog, { jobs: { tell: job(z.object({ id: z.string() })) }, schedules: { nightly: schedule("0 3 * * *", "sell", { id: "1" }) } });
// @ts-expect-error: data that does not fit the job
defineContext(catalog, { jobs: { tell: job(z.object({ id: z.string() })) }, schedules: { nightly: schedule("0 3 * * *", "tell", { id: 1 }) } });
export const catalogModule = def.implement({ procedures: handlers, rules, jobs });

export const usesSafeCall = defineContext(
  contract("caller", { procedures: { run: query({ access: "public", output: z.object({ left: z.int() }) }) } }),
  {
    calls: { catalog },
  },
).procedures({
  async run({ ctx }) {
    const [product, error] = await safeCall(ctx.call.catalog.stock.reserve({ id: "1" }, { key: "k" }));
    if (error !== undefined) {
      if (error.code === "OUT_OF_STOCK") return { left: error.details.available };
      // @ts-expect-error: other errors do not have these details
      error.details.available;
      throw error;
    }
    return { left: product.name.length };
  },
});
