import { eq } from "drizzle-orm";
import { pgSchema, text } from "drizzle-orm/pg-core";
import { type ContextModule, defineContext, job, schedule, workflow } from "holon";
import { z } from "zod";
import { orders as contract, stock } from "./contracts.ts";
import { since2, VERSION, withoutAdded } from "./version.ts";

const schema = pgSchema("orders");
const orders = schema.table("orders", { id: text().primaryKey(), ...since2({ note: text() }) });
/** The table has no unique key, so a duplicate effect shows. */
const effects = schema.table("effects", { id: text().notNull(), what: text().notNull() });

const Order = z.object({ id: z.string() });
const second = workflow({ version: 2, input: Order, waitsFor: { stock: ["packed"] }, earlier: { 1: { input: Order, output: z.undefined() } } });
const first = workflow({ version: 1, input: Order }) as unknown as typeof second;

const context = defineContext(contract, {
  tables: { orders, effects },
  calls: { stock },
  subscribesTo: { stock },
  jobs: { receipt: job(Order), tick: job(Order), ...since2({ audit: job(Order), tock: job(Order) }) },
  schedules: {
    everySecond: schedule("* * * * * *", "tick", { id: "tick" }),
    ...since2({ everyOtherSecond: schedule("*/2 * * * * *", "tock", { id: "tock" }) }),
  },
  workflows: { fulfil: VERSION === 2 ? second : first },
});

/** A pause within a workflow, which is long enough that a process can change its version meanwhile. */
const PAUSE_MS = 1_500;

/** How long a workflow waits for an event: longer than a test. */
const EVENT_MS = 600_000;

/** Retries outlast every outage of the test, so no run fails because of one. */
const WAITING = { retry: { attempts: 100, greatestMs: 500 } };

const bodies = context.workflows({
  fulfil: {
    async 1({ input: { id }, step }) {
      await step.call("reserve", ({ call }) => call.stock.reserve({ id }), WAITING);
      await step.sleep("pause", PAUSE_MS);
      await step.transaction("end", async ({ tx }) => void (await tx.db.insert(effects).values({ id, what: "fulfilled by 1" })), WAITING);
    },
    async 2({ input: { id }, step }) {
      await step.call("reserve", ({ call }) => call.stock.reserve({ id, note: "of version 2" }), WAITING);
      await step.sleep("pause", PAUSE_MS);
      const packed = await step.waitFor("packed", { event: "stock.packed", key: id, timeoutMs: EVENT_MS });
      if (packed === undefined) throw new Error("The event was lost.");
      await step.transaction("check", async ({ tx }) => void (await tx.db.insert(effects).values({ id, what: "checked" })), WAITING);
      await step.transaction("end", async ({ tx }) => void (await tx.db.insert(effects).values({ id, what: "fulfilled by 2" })), WAITING);
    },
  },
});

const procedures = context.procedures({
  async place({ input: { id, note }, tx }) {
    await tx.db.insert(orders).values({ id, ...since2({ note: note ?? "none" }) });
    await tx.emit("placed", { id, ...since2({ note: "of version 2" }) });
    await tx.enqueue("receipt", { id });
    await tx.start("fulfil", { id }, { key: id });
    if (VERSION === 2) {
      await tx.emit("priced", { id });
      await tx.enqueue("audit", { id });
    }
    return { id, version: VERSION, ...since2({ note }) };
  },
  async route({ ctx }) {
    const { version, note } = await ctx.call.stock.version(since2({ note: "of version 2" }));
    return { orders: VERSION, stock: version, ...since2({ note }) };
  },
  async known({ input: { id }, ctx }) {
    const row = await ctx.db.query.orders.findFirst({ where: eq(orders.id, id) });
    return { known: row !== undefined, ...since2({ note: row?.note ?? undefined }) };
  },
  recount: ({ ctx }) => ctx.call.stock.recount(),
});

const jobs = context.jobs({
  receipt: ({ data: { id }, complete }) => complete(async (tx) => void (await tx.db.insert(effects).values({ id, what: "receipt" }))),
  audit: ({ data: { id }, complete }) => complete(async (tx) => void (await tx.db.insert(effects).values({ id, what: "audit" }))),
  tick: ({ data: { id }, complete }) => complete(async (tx) => void (await tx.db.insert(effects).values({ id, what: "tick" }))),
  tock: ({ data: { id }, complete }) => complete(async (tx) => void (await tx.db.insert(effects).values({ id, what: "tock" }))),
});

/** The context in which orders are placed. The second version adds to everything that it does. */
export const ordersModule: ContextModule = context.implement({
  procedures: withoutAdded(procedures, "recount"),
  events: { stock: {} },
  jobs: withoutAdded(jobs, "audit", "tock"),
  workflows: VERSION === 2 ? bodies : ({ fulfil: bodies.fulfil[1] } as unknown as typeof bodies),
});
