import type { UserPrincipal } from "holon";
import { mayActFor } from "../../ownership.ts";
import { orders } from "./context.ts";
import { orderById } from "./order-record.ts";

/** The buyer of an order and admins may see and cancel it. */
export const rules = orders.rules({
  get: { answer: ({ output, ctx }) => mayActFor(ctx.user, output.customerId) },
  details: async ({ input, ctx }) => isOwner(ctx.user, await orderById(ctx, input.id)),
  list: ({ input, ctx }) => input.customerId === undefined || mayActFor(ctx.user, input.customerId),
  changes: async ({ input, ctx }) => isOwner(ctx.user, await orderById(ctx, input.id)),
  cancel: async ({ input, ctx }) => isOwner(ctx.user, await orderById(ctx, input.id)),
});

function isOwner(user: UserPrincipal | undefined, order: { readonly customerId: string } | undefined): boolean {
  return order !== undefined && mayActFor(user, order.customerId);
}
