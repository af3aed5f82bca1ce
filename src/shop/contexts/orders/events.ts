import { orders } from "./context.ts";

/** The orders context handles an event of the catalog, because the catalog does not call orders. */
export const events = orders.events({
  catalog: {
    async stockHeldLong({ event: { payload }, tx }) {
      await tx.enqueue("releaseUnplaced", payload, { deduplicationKey: payload.orderId });
    },

    async salesRebuildStarted({ event: { payload }, tx }) {
      await tx.enqueue("sendSales", payload);
    },
  },
});
