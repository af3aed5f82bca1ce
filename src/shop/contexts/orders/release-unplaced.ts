import type { ContextOf } from "holon";
import type { OrderStatus } from "#contracts/orders";
import { declining } from "./advance-order.ts";
import type { orders } from "./context.ts";
import { lockOrder } from "./order-record.ts";

/** Orders in these do not need the stock that is still set aside for them. */
const NEEDS_NO_STOCK: readonly (OrderStatus | undefined)[] = ["declining", "declined", "cancelled", undefined];

const GIVEN_UP = { code: "FAILED", message: "The order could not be placed in time." } as const;

/**
 * Gives back the stock that is set aside for an order which nobody places any more: its run is stuck, or there is no such order.
 *
 * Guarantee: an order whose run goes on keeps its stock. A stuck one that is resumed later is not confirmed without stock: it is declining.
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
