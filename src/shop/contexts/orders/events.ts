import { orders } from "./context.ts";

/** What orders do for the catalog, which does not call them. */
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
