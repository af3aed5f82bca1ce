import { pgSchema, text, uuid } from "drizzle-orm/pg-core";
import { type ContextModule, defineContext, job, schedule, workflow } from "holon";
import { contract } from "holon/contract";
import { z } from "zod";
import { orders } from "#contracts/orders";

const schema = pgSchema("almanac");

/** Tables without unique keys, so a duplicate effect shows. The time of each row is the default of its column. */
const tables = {
  ticks: schema.table("ticks", { schedule: text().notNull() }),
  told: schema.table("told", { orderId: uuid("order_id").notNull() }),
  thanked: schema.table("thanked", { orderId: uuid("order_id").notNull() }),
  reminded: schema.table("reminded", { orderId: uuid("order_id").notNull() }),
};

const OfOrder = z.object({ orderId: z.uuid() });
const Tick = z.object({ schedule: z.string() });

/** How long after an order its customer is thanked, and is reminded of it. Both times are ten minutes short of full hours. */
const MINUTE_MS = 60_000;
const THANK_AFTER_MS = (5 * 60 - 10) * MINUTE_MS;
const REMIND_AFTER_MS = (26 * 60 - 10) * MINUTE_MS;

const nightly = (timeZone: string, name: string) => schedule("30 2 * * *", "tick", { schedule: name }, { timeZone });

const context = defineContext(contract("almanac", { procedures: {} }), {
  tables,
  subscribesTo: { orders },
  jobs: { tick: job(Tick), thank: job(OfOrder) },
  workflows: { remind: workflow({ version: 1, input: OfOrder }) },
  schedules: {
    newYork: nightly("America/New_York", "newYork"),
    berlin: nightly("Europe/Berlin", "berlin"),
    sydney: nightly("Australia/Sydney", "sydney"),
    hourly: schedule("0 * * * *", "tick", { schedule: "hourly" }, { timeZone: "Europe/Berlin" }),
  },
});

/** A context that subscribes to orders and does something for each: at once, after hours by a job, and after a day by a workflow. */
export const almanac: ContextModule = context.implement({
  procedures: context.procedures({}),
  events: context.events({
    orders: {
      async orderConfirmed({ event: { payload }, tx }) {
        const { orderId } = payload;
        await tx.db.insert(tables.told).values({ orderId });
        await tx.enqueue("thank", { orderId }, { delayMs: THANK_AFTER_MS });
        await tx.start("remind", { orderId }, { key: orderId });
      },
    },
  }),
  jobs: context.jobs({
    tick: ({ data, complete }) => complete(async (tx) => void (await tx.db.insert(tables.ticks).values(data))),
    thank: ({ data, complete }) => complete(async (tx) => void (await tx.db.insert(tables.thanked).values(data))),
  }),
  workflows: context.workflows({
    async remind({ input: { orderId }, step }) {
      await step.sleep("wait", REMIND_AFTER_MS);
      await step.transaction("remind", async ({ tx }) => void (await tx.db.insert(tables.reminded).values({ orderId })));
    },
  }),
});
