import { fileURLToPath } from "node:url";
import { pgSchema, text } from "drizzle-orm/pg-core";
import { type App, defineApp, defineContext, job } from "holon";
import { contract, event, mutation, query } from "holon/contract";
import { z } from "zod";

const Named = z.object({ id: z.string() });

const sales = contract("sales", {
  procedures: { place: mutation({ access: "public", input: Named }), greeting: query({ access: "internal", input: Named, output: z.string() }) },
  events: { placed: event(Named, { orderedBy: "id" }) },
});
const mail = contract("mail", { procedures: { sent: query({ access: "public", output: z.array(z.object({ id: z.string(), text: z.string() })) }) } });

/** The contracts that tests call. */
export const contracts = { sales, mail };

const orders = pgSchema("sales").table("orders", { id: text().primaryKey() });
const letters = pgSchema("mail").table("letters", { id: text().primaryKey(), text: text().notNull() });

const salesContext = defineContext(sales, { tables: { orders } });
const mailContext = defineContext(mail, { tables: { letters }, calls: { sales }, subscribesTo: { sales }, jobs: { send: job(Named) } });

/** An order is placed in one context. Another context subscribes to it, and a job of that context calls back before it writes. */
export function createWorkApp(): App {
  const salesModule = salesContext.implement({
    procedures: salesContext.procedures({
      place: ({ input, ctx }) =>
        ctx.transaction(async (tx) => {
          await tx.db.insert(orders).values(input);
          await tx.emit("placed", input);
        }),
      greeting: ({ input }) => `thanks for ${input.id}`,
    }),
  });
  const mailModule = mailContext.implement({
    procedures: mailContext.procedures({ sent: ({ ctx }) => ctx.db.select().from(letters) }),
    events: mailContext.events({ sales: { placed: ({ event: { payload }, tx }) => tx.enqueue("send", payload) } }),
    jobs: mailContext.jobs({
      async send({ data, ctx, complete }) {
        const greeting = await ctx.call.sales.greeting(data);
        await complete(async (tx) => {
          await tx.db.insert(letters).values({ id: data.id, text: greeting });
        });
      },
    }),
  });
  return defineApp({ name: "work", contexts: [salesModule, mailModule], migrations: fileURLToPath(new URL("./migrations", import.meta.url)) });
}
