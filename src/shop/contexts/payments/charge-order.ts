import type { ContextOf } from "holon";
import type { Payment, payments as paymentsContract } from "#contracts/payments";
import type { PaymentGateway } from "../../gateway/payment-gateway.ts";
import type { payments } from "./context.ts";
import { type Charge, isCalledOff, type Outcome, paymentOf, recordCharge, toPayment } from "./payment-record.ts";
import type { PaymentRow } from "./tables.ts";

type ChargeContext = ContextOf<typeof payments, typeof paymentsContract.procedures.charge>;

/** The dependencies of {@link chargeOrder}. */
export interface Charging {
  readonly gateway: PaymentGateway;
  /** How long the gateway may take to answer; milliseconds. */
  readonly patienceMs: number;
}

/**
 * Takes the payment of an order, once.
 *
 * Shape: approved, declined or unanswered. Errors: CONFLICT if the payment of the order was cancelled (then no money stays charged), or if the order was
 * charged another amount.
 */
export async function chargeOrder(ctx: ChargeContext, { gateway, patienceMs }: Charging, charge: Charge): Promise<Payment> {
  const before = await paymentOf(ctx, charge.orderId);
  if (before !== undefined) return ctx.transaction(async () => answerAgain(ctx, before, charge));
  const outcome = await askGateway(ctx, gateway, charge, patienceMs);
  try {
    return await ctx.transaction(async (tx) => answerAgain(ctx, await recordCharge(tx, charge, outcome), charge));
  } catch (error) {
    // The order was refunded during the call to the gateway. If this process dies here, the job of that refund gives the money back.
    if (isCalledOff(await paymentOf(ctx, charge.orderId))) await gateway.refund({ key: charge.orderId, signal: ctx.signal });
    throw error;
  }
}

/** If the wait ends without an answer, money may or may not move. The outcome `unanswered` says so; an error would not. */
async function askGateway(ctx: ChargeContext, gateway: PaymentGateway, charge: Charge, patienceMs: number): Promise<Outcome> {
  const patience = AbortSignal.timeout(patienceMs);
  try {
    return await gateway.charge({ ...charge, key: charge.orderId, signal: AbortSignal.any([ctx.signal, patience]) });
  } catch (error) {
    if (!patience.aborted || ctx.signal.aborted) throw error;
    return { outcome: "unanswered", reason: "The bank did not answer in time." };
  }
}

function answerAgain(ctx: ChargeContext, row: PaymentRow, { amountCents }: Charge): Payment {
  if (isCalledOff(row)) throw ctx.fail("CONFLICT", "The payment of this order was cancelled.");
  if (row.amountCents !== amountCents) throw ctx.fail("CONFLICT", "The order was charged another amount.");
  return toPayment(row);
}
