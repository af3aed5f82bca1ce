import type { ContextOf } from "holon";
import { isHolonError } from "holon";
import type { NotificationKind } from "#contracts/notifications";
import type { Order } from "#contracts/orders";
import type { User } from "#contracts/users";
import type { orders } from "./context.ts";

/** Longest wait for a message to be written down; the customer's answer waits for it. */
const TELL_MS = 1_000;

/** Tells a customer about an order. The order stands whether this works or not, so a failure is only logged. */
export async function tellCustomer(ctx: ContextOf<typeof orders>, kind: NotificationKind, order: Order, customer: User): Promise<void> {
  const { id: orderId, totalCents } = order;
  try {
    await ctx.call.notifications.record(
      { kind, orderId, recipient: customer.email, name: customer.name, totalCents },
      { key: `${orderId}/${kind}`, deadlineMs: TELL_MS },
    );
  } catch (error) {
    ctx.log.warn({ orderId, kind, code: isHolonError(error) ? error.code : "INTERNAL" }, "a customer was not told about an order");
  }
}
