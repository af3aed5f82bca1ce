import type { ContextOf } from "holon";
import type { orders } from "./context.ts";
import { soldOrdersAfter } from "./order-record.ts";

const PAGE = 100;

/**
 * Sends all orders that are sold to a rebuild of the catalog's sales, a page at a time in the sequence of their ids.
 *
 * Guarantee: orders may be confirmed and cancelled meanwhile. What a page does not show yet comes to the rebuild by its event, and of two states
 * of one order the catalog keeps the later. A job that died begins again; pages that came before change nothing.
 */
export async function sendSales(ctx: ContextOf<typeof orders>, rebuild: number): Promise<void> {
  for (let afterId: string | undefined, isLast = false; !isLast; ) {
    const sales = await soldOrdersAfter(ctx, afterId, PAGE);
    isLast = sales.length < PAGE;
    // No key: a page is read anew when the job runs again, and may hold other orders than before.
    const { wanted } = await ctx.call.catalog.sales.take({ rebuild, sales, isLast });
    if (!wanted) return;
    afterId = sales.at(-1)?.orderId;
  }
}
