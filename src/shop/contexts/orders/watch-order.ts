import type { SubscriptionContextOf } from "holon";
import type { OrderChange, orders as ordersContract } from "#contracts/orders";
import type { orders } from "./context.ts";
import { orderById, toChange } from "./order-record.ts";
import { isFinal } from "./order-status.ts";

type WatchContext = SubscriptionContextOf<typeof orders, typeof ordersContract.procedures.changes>;

/**
 * Tells where an order stands and each change of it.
 *
 * Guarantee: none is missed, also by a client that was away and resumes after the last item that it has; none comes twice or out of turn.
 */
export async function* watchOrder(
  ctx: WatchContext,
  orderId: string,
  after: string | undefined,
): AsyncGenerator<{ readonly id: string; readonly data: OrderChange }> {
  // Opened before the order is read: what happens in between comes as an event, and the version says whether it was seen.
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
