import { type Principal, principalName } from "holon";
import { isAdmin } from "../../ownership.ts";
import { SHOP_NAMESPACE } from "../../shop-namespace.ts";
import { staleRow } from "../../stale-row.ts";
import { uuidV5 } from "../../uuid-v5.ts";
import { beginOrder } from "./begin-order.ts";
import { cancelOrder } from "./cancel-order.ts";
import { orders } from "./context.ts";
import { orderDetails } from "./order-details.ts";
import { listOrders, lockOrder, orderById, setStatus, toOrder } from "./order-record.ts";
import { mayBecome } from "./order-status.ts";
import { countsByStatus, totalsOf } from "./order-totals.ts";
import { watchOrder } from "./watch-order.ts";

/** The handlers of the orders contract. */
export const procedures = orders.procedures({
  place({ input, ctx, tx, key }) {
    const customerId = ctx.requireUser().id;
    return beginOrder(tx, { orderId: orderIdOf(ctx.principal, "place", key), customerId, lines: input.lines });
  },

  placeFor: ({ input, ctx, tx, key }) => beginOrder(tx, { orderId: orderIdOf(ctx.principal, "placeFor", key), ...input }),

  async get({ input, ctx }) {
    const order = await orderById(ctx, input.id);
    if (order === undefined) throw ctx.fail("NOT_FOUND", "There is no such order.");
    return toOrder(order);
  },

  async details({ input, ctx }) {
    const order = await orderById(ctx, input.id);
    if (order === undefined) throw ctx.fail("NOT_FOUND", "There is no such order.");
    return orderDetails(ctx, order);
  },

  list({ input, ctx }) {
    const customerId = ctx.user === undefined || isAdmin(ctx.user) ? input.customerId : ctx.user.id;
    return listOrders(ctx, { ...input, customerId });
  },

  changes: ({ input, ctx }) => watchOrder(ctx, input.id, input.lastEventId),

  changeStatus({ input, ctx }) {
    const { id, version, status } = input;
    return ctx.transaction(async (tx) => {
      const order = await lockOrder(tx, id);
      if (order?.version !== version) throw staleRow("order", order);
      if (!mayBecome(order.status, status)) throw ctx.fail("ILLEGAL_STATUS_CHANGE", { from: order.status, to: status });
      return toOrder(await setStatus(tx, order, status));
    });
  },

  cancel: ({ input, ctx }) => cancelOrder(ctx, input.id),

  counts: async ({ input, ctx }) => ({ statuses: await countsByStatus(ctx, input.from, input.to) }),

  totals: ({ input, ctx }) => totalsOf(ctx, input.from, input.to),
});

/** The order id that belongs to an idempotency key. A repeated request finds its order, also after the record of the key has expired. */
function orderIdOf(principal: Principal, procedure: string, key: string): string {
  return uuidV5(SHOP_NAMESPACE, ["order", principalName(principal), procedure, key].join("/"));
}
