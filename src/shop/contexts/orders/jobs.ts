import { orders } from "./context.ts";
import { releaseUnplaced } from "./release-unplaced.ts";
import { sendSales } from "./send-sales.ts";

/** The handlers of the context's jobs. */
export const jobs = orders.jobs({
  releaseUnplaced: ({ data, ctx }) => releaseUnplaced(ctx, data.orderId),
  sendSales: ({ data, ctx }) => sendSales(ctx, data.rebuild),
});
