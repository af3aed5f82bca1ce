import type { ContextOf } from "holon";
import { safeCall } from "holon";
import type { Order, orders as ordersContract } from "#contracts/orders";
import type { orders } from "./context.ts";
import { lockOrder, setStatus, toOrder } from "./order-record.ts";
import { mayBecome } from "./order-status.ts";
import type { OrderRow } from "./tables.ts";
import { tellCustomer } from "./tell-customer.ts";

type CancelContext = ContextOf<typeof orders, typeof ordersContract.procedures.cancel>;

/**
 * Cancels an order, and gives money and stock back.
 *
 * Errors: NOT_FOUND; ILLEGAL_STATUS_CHANGE from shipping on; faults of the other contexts, which leave the order `cancelling`: calling this
 * again goes on where it stopped.
 */
export async function cancelOrder(ctx: CancelContext, orderId: string): Promise<Order> {
  const order = await beginCancelling(ctx, orderId);
  if (order.status === "cancelled") return toOrder(order);
  const { attempt } = order;
  await ctx.call.payments.refund({ orderId, attempt }, { key: `${orderId}/cancel/refund` });
  await ctx.call.catalog.stock.release({ orderId, attempt }, { key: `${orderId}/cancel/release` });
  const cancelled = toOrder(await finishCancelling(ctx, orderId));
  const [customer] = await safeCall(ctx.call.users.get({ id: order.customerId }));
  if (customer !== undefined) await tellCustomer(ctx, "orderCancelled", cancelled, customer);
  return cancelled;
}

function beginCancelling(ctx: CancelContext, orderId: string): Promise<OrderRow> {
  return ctx.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order === undefined) throw ctx.fail("NOT_FOUND", "There is no such order.");
    if (order.status === "cancelling" || order.status === "cancelled") return order;
    if (!mayBecome(order.status, "cancelling")) throw ctx.fail("ILLEGAL_STATUS_CHANGE", { from: order.status, to: "cancelled" });
    return setStatus(tx, order, "cancelling");
  });
}

function finishCancelling(ctx: CancelContext, orderId: string): Promise<OrderRow> {
  return ctx.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order === undefined) throw ctx.fail("NOT_FOUND", "There is no such order.");
    return mayBecome(order.status, "cancelled") ? setStatus(tx, order, "cancelled") : order;
  });
}
