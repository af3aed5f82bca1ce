import { asc, eq } from "drizzle-orm";
import type { ContextModule } from "holon";
import { hopOf } from "../hop.ts";
import { gamma } from "./context.ts";
import { bookings } from "./tables.ts";

/** The context of the chain between beta and delta. */
export function createGamma(): ContextModule {
  return gamma.implement({
    procedures: gamma.procedures({
      chain: {
        async trace({ ctx }) {
          return [hopOf("gamma", ctx), ...(await ctx.call.delta.chain.trace())];
        },
        async sleep({ input, ctx }) {
          await ctx.call.delta.chain.sleep(input);
        },
        async hang({ input, ctx }) {
          await ctx.call.delta.chain.hang(input);
        },
      },
      ledger: {
        async book({ input, tx }) {
          const [row] = await tx.db.insert(bookings).values(input).returning();
          return row?.amount ?? 0;
        },
        async booked({ input, ctx }) {
          const rows = await ctx.db.select().from(bookings).where(eq(bookings.tag, input.tag)).orderBy(asc(bookings.id));
          return rows.map(({ amount }) => amount);
        },
      },
    }),
  });
}
