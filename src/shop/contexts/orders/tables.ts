import { relations, sql } from "drizzle-orm";
import { bigint, check, date, index, integer, pgSchema, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

/** The orders context's own Postgres schema. */
export const schema = pgSchema("orders");

/** Placed orders. `attempt` is the run of the placing that reserved and charged: what is given back is named by it. */
export const orders = schema.table(
  "orders",
  {
    id: uuid().primaryKey(),
    customerId: uuid("customer_id").notNull(),
    status: text({ enum: ["confirmed", "shipped", "delivered", "cancelling", "cancelled"] }).notNull(),
    orderedOn: date("ordered_on", { mode: "string" }).notNull(),
    totalCents: bigint("total_cents", { mode: "number" }).notNull(),
    attempt: uuid().notNull(),
    version: integer().notNull().default(1),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check("orders_status_is_known", sql`${table.status} in ('confirmed', 'shipped', 'delivered', 'cancelling', 'cancelled')`),
    check("orders_total_is_not_negative", sql`${table.totalCents} >= 0`),
    index("orders_by_day").on(table.orderedOn.desc(), table.id),
    index("orders_by_customer").on(table.customerId, table.orderedOn.desc(), table.id),
    index("orders_by_status").on(table.status, table.orderedOn.desc(), table.id),
  ],
);

/** What was ordered, at the price of its day. */
export const orderLines = schema.table(
  "order_lines",
  {
    orderId: uuid("order_id")
      .notNull()
      .references(() => orders.id),
    productId: uuid("product_id").notNull(),
    name: text().notNull(),
    quantity: integer().notNull(),
    unitPriceCents: bigint("unit_price_cents", { mode: "number" }).notNull(),
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
export type OrderRow = typeof orders.$inferSelect & { readonly lines: readonly (typeof orderLines.$inferSelect)[] };
