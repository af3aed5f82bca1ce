import type { ContextOf } from "holon";
import type { Order, orders as ordersContract } from "#contracts/orders";
import type { orders } from "./context.ts";
import { lockOrder, setStatus, toOrder } from "./order-record.ts";
import { mayBecome } from "./order-status.ts";

type CancelContext = ContextOf<typeof orders, typeof ordersContract.procedures.cancel>;

/** Begins to cancel an order; money and stock are given back after that. Errors: NOT_FOUND; ILLEGAL_STATUS_CHANGE if the order is not confirmed. */
export function cancelOrder(ctx: CancelContext, orderId: string): Promise<Order> {
  return ctx.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order === undefined) throw ctx.fail("NOT_FOUND", "There is no such order.");
    if (order.status === "cancelling" || order.status === "cancelled") return toOrder(order);
    if (!mayBecome(order.status, "cancelling")) throw ctx.fail("ILLEGAL_STATUS_CHANGE", { from: order.status, to: "cancelled" });
    const cancelling = await setStatus(tx, order, "cancelling");
    await tx.start("cancelOrder", { orderId }, { key: orderId });
    return toOrder(cancelling);
  });
}
