import type { ContextOf } from "holon";
import type { payments as paymentsContract } from "#contracts/payments";
import type { PaymentGateway } from "../../gateway/payment-gateway.ts";
import type { payments } from "./context.ts";
import { isCalledOff, paymentOf, recordRefund } from "./payment-record.ts";

type RefundContext = ContextOf<typeof payments, typeof paymentsContract.procedures.refund>;

/**
 * Gives back what an order was charged, and leaves a row that refuses a later charge.
 *
 * Guarantee: if it is unknown whether the charge went through, a job asks the gateway until it is known, and then gives the money back.
 */
export async function refundOrder(ctx: RefundContext, gateway: PaymentGateway, orderId: string): Promise<{ refunded: boolean }> {
  const before = await paymentOf(ctx, orderId);
  if (isCalledOff(before) || before?.status === "declined") return ctx.transaction(async () => ({ refunded: before?.status === "refunded" }));
  await gateway.refund({ key: orderId, signal: ctx.signal });
  return ctx.transaction(async (tx) => {
    const status = await recordRefund(tx, orderId, before?.status === "approved");
    if (status === "voided") await tx.enqueue("settleVoided", { orderId });
    return { refunded: status === "refunded" };
  });
}
