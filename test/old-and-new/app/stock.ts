import { pgSchema, text } from "drizzle-orm/pg-core";
import { type ContextModule, defineContext, job } from "holon";
import { z } from "zod";
import { stock as contract, orders } from "./contracts.ts";
import { since2, VERSION, withoutAdded } from "./version.ts";

/** The table has no unique key, so a duplicate effect shows. */
const effects = pgSchema("stock").table("effects", { id: text().notNull(), what: text().notNull() });

const context = defineContext(contract, {
  tables: { effects },
  calls: { orders },
  subscribesTo: { orders },
  jobs: { confirm: job(z.object({ id: z.string() }), { attempts: 100, backoff: { firstMs: 50, greatestMs: 500 } }) },
});

const procedures = context.procedures({
  version: ({ input: { note } }) => ({ version: VERSION, ...since2({ note }) }),
  async reserve({ input: { id, note }, tx }) {
    await tx.db.insert(effects).values({ id, what: "reserved" });
    return { id, ...since2({ note }) };
  },
  recount: async ({ ctx }) => ({ effects: (await ctx.db.query.effects.findMany()).length }),
});

const events = context.events({
  orders: {
    async placed({ event: { payload }, tx }) {
      await tx.db.insert(effects).values({ id: payload.id, what: "placed" });
      await tx.enqueue("confirm", { id: payload.id });
      await tx.emit("packed", { id: payload.id });
    },
    async priced({ event: { payload }, tx }) {
      await tx.db.insert(effects).values({ id: payload.id, what: "priced" });
    },
  },
});

const jobs = context.jobs({
  async confirm({ data: { id }, ctx, complete }) {
    const { known } = await ctx.call.orders.known({ id, ...since2({ note: "of version 2" }) });
    if (known) await complete(async (tx) => void (await tx.db.insert(effects).values({ id, what: "confirmed" })));
  },
});

/** The context that subscribes to orders, and is called by them. The second version handles one more event. */
export const stockModule: ContextModule = context.implement({
  procedures: withoutAdded(procedures, "recount"),
  events: { orders: withoutAdded(events.orders, "priced") },
  jobs,
});
