import type { ContextOf } from "holon";
import type { orders } from "./context.ts";
import { soldOrdersAfter } from "./order-record.ts";

const PAGE = 100;

/**
 * Sends all sold orders to a rebuild of the catalog's sales, a page at a time, sorted by id.
 *
 * Guarantee: orders may be confirmed and cancelled while the pages are sent. If a page does not have a change yet, the rebuild gets the change by its event. Of
 * two states of one order the catalog keeps the later one. A job whose process died starts from the beginning; a page that is sent twice changes nothing.
 */
export async function sendSales(ctx: ContextOf<typeof orders>, rebuild: number): Promise<void> {
  for (let afterId: string | undefined, isLast = false; !isLast; ) {
    const sales = await soldOrdersAfter(ctx, afterId, PAGE);
    isLast = sales.length < PAGE;
    // No idempotency key: when the job runs again it reads the page again, and the page may contain other orders.
    const { wanted } = await ctx.call.catalog.sales.take({ rebuild, sales, isLast });
    if (!wanted) return;
    afterId = sales.at(-1)?.orderId;
  }
}
