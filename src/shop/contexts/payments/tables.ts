import { sql } from "drizzle-orm";
import { bigint, check, index, integer, pgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";

/** The payments context's own Postgres schema. */
export const schema = pgSchema("payments");

/**
 * The payment of each order. `attempt` is the run of the placing that it belongs to, `gatewayKey` names the charge at the gateway: it is the
 * attempt that charged, which an attempt after a crash takes over. `refunded` and `voided` rows refuse a late charge of their attempt.
 */
export const payments = schema.table(
  "payments",
  {
    orderId: uuid("order_id").primaryKey(),
    attempt: uuid().notNull(),
    gatewayKey: uuid("gateway_key").notNull(),
    customerId: uuid("customer_id"),
    amountCents: bigint("amount_cents", { mode: "number" }).notNull(),
    status: text({ enum: ["approved", "declined", "refunded", "voided"] }).notNull(),
    reason: text(),
    version: integer().notNull().default(1),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check("payments_status_is_known", sql`${table.status} in ('approved', 'declined', 'refunded', 'voided')`),
    check("payments_amount_is_not_negative", sql`${table.amountCents} >= 0`),
    index("payments_by_age").on(table.createdAt.desc(), table.orderId),
    index("payments_by_status").on(table.status, table.createdAt.desc(), table.orderId),
    index("payments_by_customer").on(table.customerId, table.createdAt.desc(), table.orderId),
  ],
);

/** A row of {@link payments}. */
export type PaymentRow = typeof payments.$inferSelect;
