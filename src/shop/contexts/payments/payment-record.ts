import { and, eq, ne, or, sql } from "drizzle-orm";
import type { ReaderOf, TransactionOf } from "holon";
import type { Payment } from "#contracts/payments";
import type { ChargeOutcome } from "../../gateway/payment-gateway.ts";
import type { payments as paymentsContext } from "./context.ts";
import { type PaymentRow, payments } from "./tables.ts";

type Tx = TransactionOf<typeof paymentsContext>;

/** What an attempt asks of the payment of an order. */
export interface ChargeAttempt {
  readonly orderId: string;
  readonly attempt: string;
  readonly customerId: string;
  readonly amountCents: number;
}

/** A row as the contract shows it. */
export function toPayment({ orderId, customerId, amountCents, status, reason, version, createdAt }: PaymentRow): Payment {
  return { orderId, customerId, amountCents, status, reason, version, createdAt: createdAt.toISOString() };
}

/** The payment of an order, as it stands. */
export async function paymentOf(ctx: ReaderOf<typeof paymentsContext>, orderId: string): Promise<PaymentRow | undefined> {
  const query = ctx.prepared("paymentOfOrder", (db) => db.query.payments.findFirst({ where: eq(payments.orderId, sql.placeholder("orderId")) }));
  return query.execute({ orderId });
}

/** Hands an approved payment to a later attempt. Shape: undefined where it changed meanwhile. */
export async function adoptPayment(tx: Tx, before: PaymentRow, attempt: string): Promise<PaymentRow | undefined> {
  const [row] = await tx.db
    .update(payments)
    .set({ attempt, version: before.version + 1 })
    .where(and(eq(payments.orderId, before.orderId), eq(payments.version, before.version)))
    .returning();
  return row;
}

/**
 * Writes what the gateway made of a charge. Shape: undefined where the attempt was called off meanwhile, or another one was paid; then what
 * was charged must be given back.
 */
export async function recordCharge(
  tx: Tx,
  charge: ChargeAttempt,
  outcome: ChargeOutcome,
  before: PaymentRow | undefined,
): Promise<PaymentRow | undefined> {
  const { attempt } = charge;
  const facts = {
    ...charge,
    gatewayKey: attempt,
    status: outcome.outcome,
    reason: outcome.outcome === "declined" ? outcome.reason : null,
  };
  const setWhere = or(
    and(ne(payments.status, "approved"), ne(payments.attempt, attempt)),
    before === undefined ? undefined : eq(payments.version, before.version),
  );
  const [row] = await tx.db
    .insert(payments)
    .values(facts)
    .onConflictDoUpdate({ target: payments.orderId, set: { ...facts, version: sql`${payments.version} + 1` }, setWhere })
    .returning();
  return row;
}

/** Writes that an attempt was given back; the row refuses a charge of the attempt that comes later. Shape: whether money was given back. */
export async function recordRefund(tx: Tx, orderId: string, attempt: string): Promise<boolean> {
  const [row] = await tx.db
    .insert(payments)
    .values({ orderId, attempt, gatewayKey: attempt, amountCents: 0, status: "voided" })
    .onConflictDoUpdate({
      target: payments.orderId,
      set: {
        attempt,
        status: sql`case when ${payments.status} in ('approved', 'refunded') then 'refunded' else 'voided' end`,
        version: sql`${payments.version} + 1`,
      },
      setWhere: or(ne(payments.status, "approved"), eq(payments.attempt, attempt)),
    })
    .returning();
  return row?.status === "refunded";
}
