import type { ContextOf } from "holon";
import type { payments as paymentsContract } from "#contracts/payments";
import type { PaymentGateway } from "../../gateway/payment-gateway.ts";
import type { payments } from "./context.ts";
import { paymentOf, recordRefund } from "./payment-record.ts";

type RefundContext = ContextOf<typeof payments, typeof paymentsContract.procedures.refund>;

/**
 * Gives back what an attempt charged, and leaves a tombstone that refuses a charge of it that comes later.
 *
 * Guarantee: the money of a later attempt stays. The gateway is told first: it alone can stop a charge that is on its way.
 */
export async function refundOrder(ctx: RefundContext, gateway: PaymentGateway, orderId: string, attempt: string): Promise<{ refunded: boolean }> {
  const before = await paymentOf(ctx, orderId);
  const isOwn = before?.attempt === attempt;
  const isOver = isOwn ? before.status !== "approved" : before?.status === "approved";
  if (isOver) return ctx.transaction(async () => ({ refunded: false }));
  await gateway.refund({ key: isOwn ? before.gatewayKey : attempt, signal: ctx.signal });
  return ctx.transaction(async (tx) => ({ refunded: await recordRefund(tx, orderId, attempt) }));
}
