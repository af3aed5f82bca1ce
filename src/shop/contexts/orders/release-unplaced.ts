import type { ContextOf } from "holon";
import type { OrderStatus } from "#contracts/orders";
import { declining } from "./advance-order.ts";
import type { orders } from "./context.ts";
import { lockOrder } from "./order-record.ts";

/** In these statuses an order does not need the stock that is still reserved for it. `undefined` means that the order does not exist. */
const NEEDS_NO_STOCK: readonly (OrderStatus | undefined)[] = ["declining", "declined", "cancelled", undefined];

const GIVEN_UP = { code: "FAILED", message: "The order could not be placed in time." } as const;

/**
 * Gives back the stock that is reserved for an order that nothing places any more, because its run is stuck, or because the order does not exist.
 *
 * Guarantee: an order whose run is active keeps its stock. If a stuck run is resumed later, it does not confirm the order without stock, because the
 * order is `declining`.
 */
export async function releaseUnplaced(ctx: ContextOf<typeof orders>, orderId: string): Promise<void> {
  const run = await ctx.findRun("placeOrder", orderId);
  if (run?.isActive) return;
  const status = await ctx.transaction(async (tx) => {
    await declining(tx, orderId, GIVEN_UP);
    return (await lockOrder(tx, orderId))?.status;
  });
  if (NEEDS_NO_STOCK.includes(status)) await ctx.call.catalog.stock.release({ orderId }, { key: `${orderId}/unplaced` });
}
