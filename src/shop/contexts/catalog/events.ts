import { catalog } from "./context.ts";
import { markSold } from "./reservations.ts";
import { followSale } from "./sales-ledger.ts";

/**
 * The event handlers of the catalog: a confirmed or cancelled order updates the read model of sales; a confirmed one marks its reservation as sold.
 */
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
