import type { ContextOf } from "holon";
import { type HolonError, isHolonError } from "holon";
import type { Payment, payments as paymentsContract } from "#contracts/payments";
import type { PaymentGateway } from "../../gateway/payment-gateway.ts";
import type { payments } from "./context.ts";
import { adoptPayment, type ChargeAttempt, paymentOf, recordCharge, toPayment } from "./payment-record.ts";
import type { PaymentRow } from "./tables.ts";

type ChargeContext = ContextOf<typeof payments, typeof paymentsContract.procedures.charge>;

/**
 * Takes the payment of an order, unless it is paid.
 *
 * Shape: approved or declined. Errors: CONFLICT for an attempt that was called off; then nothing is charged.
 */
export async function chargeOrder(ctx: ChargeContext, gateway: PaymentGateway, charge: ChargeAttempt): Promise<Payment> {
  const before = await paymentOf(ctx, charge.orderId);
  if (before?.attempt === charge.attempt && before.status !== "approved") return answerAgain(ctx, before);
  if (before?.status === "approved") {
    if (before.amountCents === charge.amountCents) return takeOver(ctx, before, charge.attempt);
    // An earlier attempt paid another price and could not be undone.
    await gateway.refund({ key: before.gatewayKey, signal: ctx.signal });
  }
  return chargeAnew(ctx, gateway, charge, before);
}

function answerAgain(ctx: ChargeContext, before: PaymentRow): Promise<Payment> {
  if (before.status !== "declined") throw calledOff(ctx);
  return ctx.transaction(async () => toPayment(before));
}

function takeOver(ctx: ChargeContext, before: PaymentRow, attempt: string): Promise<Payment> {
  return ctx.transaction(async (tx) => {
    const adopted = await adoptPayment(tx, before, attempt);
    if (adopted === undefined) throw calledOff(ctx);
    return toPayment(adopted);
  });
}

async function chargeAnew(ctx: ChargeContext, gateway: PaymentGateway, charge: ChargeAttempt, before: PaymentRow | undefined): Promise<Payment> {
  const { signal } = ctx;
  const outcome = await gateway.charge({ ...charge, key: charge.attempt, signal });
  try {
    return await ctx.transaction(async (tx) => {
      const row = await recordCharge(tx, charge, outcome, before);
      if (row === undefined) throw calledOff(ctx);
      return toPayment(row);
    });
  } catch (error) {
    // The row belongs to another attempt or says that this one was called off: nobody else will give this money back.
    if (isHolonError(error, "CONFLICT")) await gateway.refund({ key: charge.attempt, signal });
    throw error;
  }
}

function calledOff(ctx: ChargeContext): HolonError {
  return ctx.fail("CONFLICT", "This attempt was called off, or another one was paid.");
}
