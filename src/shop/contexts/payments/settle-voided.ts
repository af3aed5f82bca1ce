import { type ContextOf, catalogueError, type TransactionOf } from "holon";
import type { PaymentGateway } from "../../gateway/payment-gateway.ts";
import type { payments } from "./context.ts";
import { paymentOf, recordLateRefund } from "./payment-record.ts";

type Complete = (run: (tx: TransactionOf<typeof payments>) => Promise<void>) => Promise<void>;

/**
 * Asks the gateway for the result of a charge that was cancelled before its result was known, and gives back what was charged.
 *
 * Errors: UNAVAILABLE while the bank has not decided. The job asks again later; if the bank never decides, the job is kept as failed.
 */
export async function settleVoided(ctx: ContextOf<typeof payments>, gateway: PaymentGateway, orderId: string, complete: Complete): Promise<void> {
  const payment = await paymentOf(ctx, orderId);
  if (payment?.status !== "voided") return;
  const name = { key: orderId, signal: ctx.signal };
  const { status, amountCents } = await gateway.find(name);
  if (status === "pending") throw catalogueError("UNAVAILABLE", `The bank has not decided about the charge of order ${orderId} yet.`);
  if (status !== "approved" && status !== "refunded") return;
  await gateway.refund(name);
  await complete((tx) => recordLateRefund(tx, orderId, amountCents));
}
