import { relations, sql } from "drizzle-orm";
import { bigint, check, date, index, integer, jsonb, pgSchema, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { DeclineReason } from "#contracts/orders";

/** The orders context's own Postgres schema. */
export const schema = pgSchema("orders");

/** Placed orders. `reason` says why an order was declined; the total is known when the order is confirmed. */
export const orders = schema.table(
  "orders",
  {
    id: uuid().primaryKey(),
    customerId: uuid("customer_id").notNull(),
    status: text({ enum: ["pending", "confirmed", "shipped", "delivered", "declining", "declined", "cancelling", "cancelled"] }).notNull(),
    orderedOn: date("ordered_on", { mode: "string" }).notNull(),
    reason: jsonb().$type<DeclineReason>(),
    totalCents: bigint("total_cents", { mode: "number" }),
    version: integer().notNull().default(1),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check(
      "orders_status_is_known",
      sql`${table.status} in ('pending', 'confirmed', 'shipped', 'delivered', 'declining', 'declined', 'cancelling', 'cancelled')`,
    ),
    check("orders_total_is_not_negative", sql`${table.totalCents} >= 0`),
    index("orders_by_day").on(table.orderedOn.desc(), table.id),
    index("orders_by_customer").on(table.customerId, table.orderedOn.desc(), table.id),
    index("orders_by_status").on(table.status, table.orderedOn.desc(), table.id),
  ],
);

/** The lines of orders. Name and price are those at the time of the order; they are written when it is confirmed. */
export const orderLines = schema.table(
  "order_lines",
  {
    orderId: uuid("order_id")
      .notNull()
      .references(() => orders.id),
    productId: uuid("product_id").notNull(),
    name: text(),
    quantity: integer().notNull(),
    unitPriceCents: bigint("unit_price_cents", { mode: "number" }),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.productId] }), check("order_lines_quantity_is_positive", sql`${table.quantity} > 0`)],
);

/** For `db.query`: an order with its lines. */
export const orderRelations = relations(orders, ({ many }) => ({ lines: many(orderLines) }));

/** For `db.query`: a line with its order. */
export const orderLineRelations = relations(orderLines, ({ one }) => ({
  order: one(orders, { fields: [orderLines.orderId], references: [orders.id] }),
}));

/** A row of {@link orders} with its lines. */
export type OrderRow = typeof orders.$inferSelect & { readonly lines: readonly OrderLineRow[] };

/** A row of {@link orderLines}. */
export type OrderLineRow = typeof orderLines.$inferSelect;
