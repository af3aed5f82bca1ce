import { type ContextOf, catalogueError, type TransactionOf } from "holon";
import type { PaymentGateway } from "../../gateway/payment-gateway.ts";
import type { payments } from "./context.ts";
import { paymentOf, recordLateRefund } from "./payment-record.ts";

type Complete = (run: (tx: TransactionOf<typeof payments>) => Promise<void>) => Promise<void>;

/**
 * Looks at the gateway what became of a charge that was called off before it was known to have gone through, and gives back what did.
 *
 * Errors: UNAVAILABLE while the bank has not decided: the job looks again later, and is kept as failed where it never does.
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
