import { sql } from "drizzle-orm";
import { integer, pgSchema, text } from "drizzle-orm/pg-core";
import { type ContextModule, defineContext, job } from "holon";
import { contract } from "holon/contract";
import { z } from "zod";
import { orders, type Subscriber } from "./contracts.ts";

/**
 * A context that subscribes to orders. Its tables keep duplicate effects, because their only key is a number. It also sends a letter for each order,
 * by a job.
 */
export function createSubscriber(name: Subscriber): ContextModule {
  const schema = pgSchema(name);
  const effects = schema.table("effects", {
    orderId: text("order_id").notNull(),
    units: integer().notNull(),
    totalCents: integer("total_cents").notNull(),
  });
  const totals = schema.table("totals", { orders: integer().notNull(), units: integer().notNull(), cents: integer().notNull() });
  const seen = schema.table("seen", { eventId: text("event_id").notNull(), key: text().notNull(), n: integer().notNull() });
  const letters = schema.table("letters", { orderId: text("order_id").notNull() });
  const context = defineContext(contract(name, { procedures: {} }), {
    tables: { effects, totals, seen, letters },
    subscribesTo: { orders },
    jobs: { send: job(z.object({ orderId: z.string() })) },
  });
  return context.implement({
    procedures: context.procedures({}),
    events: context.events({
      orders: {
        async orderPlaced({ event: { payload }, tx }) {
          const { units, totalCents } = payload;
          await tx.db.insert(effects).values(payload);
          await tx.db
            .update(totals)
            .set({ orders: sql`${totals.orders} + 1`, units: sql`${totals.units} + ${units}`, cents: sql`${totals.cents} + ${totalCents}` });
          await tx.enqueue("send", { orderId: payload.orderId });
        },
        async moved({ event: { id, payload }, tx }) {
          await tx.db.insert(seen).values({ eventId: id, ...payload });
        },
      },
    }),
    jobs: context.jobs({
      async send({ data, complete }) {
        await complete(async (tx) => {
          await tx.db.insert(letters).values(data);
        });
      },
    }),
  });
}
