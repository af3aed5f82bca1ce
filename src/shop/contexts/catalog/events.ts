import { catalog } from "./context.ts";
import { markSold } from "./reservations.ts";
import { followSale } from "./sales-ledger.ts";

/** What the catalog does when orders are confirmed and cancelled: it keeps the read model of sales, and knows which reservations were bought. */
export const events = catalog.events({
  orders: {
    async orderConfirmed({ event: { payload }, tx }) {
      const { orderId, version, lines } = payload;
      await markSold(tx, orderId);
      await followSale(tx, { orderId, version, lines });
    },

    async orderCancelled({ event: { payload }, tx }) {
      const { orderId, version } = payload;
      await followSale(tx, { orderId, version, lines: [] });
    },
  },
});
