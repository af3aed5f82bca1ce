import type { SubscriptionContextOf } from "holon";
import type { OrderChange, orders as ordersContract } from "#contracts/orders";
import type { orders } from "./context.ts";
import { orderById, toChange } from "./order-record.ts";
import { isFinal } from "./order-status.ts";

type WatchContext = SubscriptionContextOf<typeof orders, typeof ordersContract.procedures.changes>;

/**
 * Yields the status of an order and each change of it.
 *
 * Guarantee: no change is missed, also if a client disconnects and resumes after the last item that it got; no change comes twice or out of order.
 */
export async function* watchOrder(
  ctx: WatchContext,
  orderId: string,
  after: string | undefined,
): AsyncGenerator<{ readonly id: string; readonly data: OrderChange }> {
  // The subscription begins before the order is read. A change in between comes as an event, and its version shows whether it was already seen.
  const changes = await ctx.watch("orderChanged", { key: orderId, after });
  let seen = 0;
  if (after === undefined) {
    const order = await orderById(ctx, orderId);
    if (order === undefined) throw ctx.fail("NOT_FOUND", "There is no such order.");
    seen = order.version;
    yield { id: changes.start, data: toChange(order) };
    if (isFinal(order.status)) return;
  }
  for await (const { id, data } of changes) {
    if (data.version <= seen) continue;
    yield { id, data };
    if (isFinal(data.status)) return;
  }
}
