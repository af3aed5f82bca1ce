import { asc, count, eq, sql, sum } from "drizzle-orm";
import type { ReaderOf, TransactionOf } from "holon";
import type { Payment, PaymentStatus } from "#contracts/payments";
import type { ChargeOutcome } from "../../gateway/payment-gateway.ts";
import type { payments as paymentsContext } from "./context.ts";
import { type PaymentRow, payments } from "./tables.ts";

type Reader = ReaderOf<typeof paymentsContext>;
type Tx = TransactionOf<typeof paymentsContext>;

/** A request to charge an order. */
export interface Charge {
  readonly orderId: string;
  readonly customerId: string;
  readonly amountCents: number;
}

/** The result of a charge, as far as it is known. */
export type Outcome = ChargeOutcome | { readonly outcome: "unanswered"; readonly reason: string };

/** Converts a row to the contract's form. */
export function toPayment({ createdAt, ...row }: PaymentRow): Payment {
  return { ...row, createdAt: createdAt.toISOString() };
}

/** Whether a payment was cancelled, so that it must not be charged any more. */
export function isCalledOff(row: PaymentRow | undefined): boolean {
  return row?.status === "refunded" || row?.status === "voided";
}

/** The payment of an order in its current state. */
export async function paymentOf(ctx: Reader, orderId: string): Promise<PaymentRow | undefined> {
  const query = ctx.prepared("paymentOfOrder", (db) => db.query.payments.findFirst({ where: eq(payments.orderId, sql.placeholder("orderId")) }));
  return query.execute({ orderId });
}

/** Writes the gateway's result of a charge, unless the order has a payment. Shape: the payment that the order has then. */
export async function recordCharge(tx: Tx, charge: Charge, outcome: Outcome): Promise<PaymentRow> {
  const reason = outcome.outcome === "approved" ? null : outcome.reason;
  const [added] = await tx.db
    .insert(payments)
    .values({ ...charge, status: outcome.outcome, reason })
    .onConflictDoNothing()
    .returning();
  if (added !== undefined) return added;
  const [known] = await tx.db.select().from(payments).where(eq(payments.orderId, charge.orderId));
  // The row exists, because rows of this table are never deleted.
  return known as PaymentRow;
}

/**
 * Writes that the payment of an order was cancelled; the row refuses a charge that comes later. Shape: `refunded` if the charge was known to be
 * approved and the money is given back; `voided` if a charge may have gone through, or may still go through.
 */
export async function recordRefund(tx: Tx, orderId: string, wasApproved: boolean): Promise<"refunded" | "voided"> {
  const status = wasApproved ? "refunded" : "voided";
  await tx.db
    .insert(payments)
    .values({ orderId, amountCents: 0, status })
    .onConflictDoUpdate({ target: payments.orderId, set: { status, version: sql`${payments.version} + 1` } });
  return status;
}

/** Records a late refund: the bank charged the customer although the payment was cancelled, and the money was given back. */
export async function recordLateRefund(tx: Tx, orderId: string, amountCents: number): Promise<void> {
  await tx.db
    .update(payments)
    .set({ status: "refunded", amountCents, version: sql`${payments.version} + 1` })
    .where(eq(payments.orderId, orderId));
}

/** The number and the sum of the payments of each status; cents. */
export function totalsByStatus(ctx: Reader): Promise<{ status: PaymentStatus; payments: number; cents: number }[]> {
  return ctx.db
    .select({ status: payments.status, payments: count(), cents: sum(payments.amountCents).mapWith(Number) })
    .from(payments)
    .groupBy(payments.status)
    .orderBy(asc(payments.status));
}
