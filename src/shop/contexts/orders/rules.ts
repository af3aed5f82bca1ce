import { mayActFor } from "../../ownership.ts";
import { orders } from "./context.ts";
import { orderById } from "./order-record.ts";

/** An order is seen and cancelled by its buyer and by admins. */
export const rules = orders.rules({
  get: { answer: ({ output, ctx }) => mayActFor(ctx.user, output.customerId) },
  list: ({ input, ctx }) => input.customerId === undefined || mayActFor(ctx.user, input.customerId),
  async cancel({ input, ctx }) {
    const order = await orderById(ctx, input.id);
    return order !== undefined && mayActFor(ctx.user, order.customerId);
  },
});
