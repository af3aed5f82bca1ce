import { sql } from "drizzle-orm";
import type { HolonError } from "holon";
import * as others from "../beta/tables.ts";
import type { AlphaHandlers } from "./context.ts";

/** Tries to access beta's data. */
export const walls: AlphaHandlers["walls"] = {
  async readOthers({ ctx }) {
    const [row] = await ctx.db.select({ name: others.items.name }).from(others.items);
    return row?.name ?? "none";
  },
  readOthersCaught: ({ ctx }) => refusalOf(ctx.db.select({ name: others.items.name }).from(others.items)),
  writeOthers: ({ ctx }) => refusalOf(ctx.transaction((tx) => tx.db.insert(others.items).values({ tag: "walls", name: "x", amount: 1 }))),
  readOutbox: ({ ctx }) => refusalOf(ctx.transaction((tx) => tx.db.execute(sql`select * from beta.holon_outbox`))),
};

async function refusalOf(statement: PromiseLike<unknown>): Promise<{ code: string; sqlState: string }> {
  try {
    await statement;
  } catch (error) {
    const { code, cause } = error as HolonError;
    return { code, sqlState: (cause as { code?: string } | undefined)?.code ?? "none" };
  }
  return { code: "none", sqlState: "none" };
}
