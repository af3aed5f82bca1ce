import { sql } from "drizzle-orm";
import { bigint, check, index, integer, pgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";

/** The payments context's own Postgres schema. */
export const schema = pgSchema("payments");

/** The payment of each order; the order's id is the key of its charge at the gateway. `refunded` and `voided` rows refuse a later charge. */
export const payments = schema.table(
  "payments",
  {
    orderId: uuid("order_id").primaryKey(),
    customerId: uuid("customer_id"),
    amountCents: bigint("amount_cents", { mode: "number" }).notNull(),
    status: text({ enum: ["approved", "declined", "unanswered", "refunded", "voided"] }).notNull(),
    reason: text(),
    version: integer().notNull().default(1),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check("payments_status_is_known", sql`${table.status} in ('approved', 'declined', 'unanswered', 'refunded', 'voided')`),
    check("payments_amount_is_not_negative", sql`${table.amountCents} >= 0`),
    index("payments_by_age").on(table.createdAt.desc(), table.orderId),
    index("payments_by_status").on(table.status, table.createdAt.desc(), table.orderId),
    index("payments_by_customer").on(table.customerId, table.createdAt.desc(), table.orderId),
  ],
);

/** A row of {@link payments}. */
export type PaymentRow = typeof payments.$inferSelect;
